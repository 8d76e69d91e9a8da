/** What a module imports, read from its text: enough for code that one formatter has laid out. */

export interface Import {
  specifier: string;
  /** `import type` or `export type`: gone when the module runs. */
  typesOnly: boolean;
}

const STATEMENT = /^(?:import|export)\s+(type\s+)?(?:[\w*{][^'"`;]*?\sfrom\s+)?'([^']+)'/gm;
const DYNAMIC = /\bimport\(\s*'([^']+)'/g;

export function importsOf(source: string): Import[] {
  const code = withoutComments(source);
  const statements = [...code.matchAll(STATEMENT)].map(([, type, specifier]) => ({ specifier: specifier!, typesOnly: type !== undefined }));
  const dynamic = [...code.matchAll(DYNAMIC)].map(([, specifier]) => ({ specifier: specifier!, typesOnly: false }));
  return [...statements, ...dynamic];
}

/** Whole-line comments only: those at the end of a line hold no statements. */
function withoutComments(source: string): string {
  return source.replace(/^\s*\/\*[\s\S]*?\*\/\s*$/gm, '').replace(/^\s*\/\/.*$/gm, '');
}
