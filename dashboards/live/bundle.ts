/**
 * The live page's script, put together when it is first asked for: modules in the order of their imports, in one scope.
 * A clone has them in TypeScript, whose types Node strips; an installed package has them in JavaScript, as built. Their
 * names are therefore to be unique among them, and their imports plain; a test holds both.
 */
import { readFileSync } from 'node:fs';
import * as module from 'node:module';

/** `{ names } from './file.ts'` only: no default imports, none under another name. */
const IMPORT = /^import (?:type )?\{[^}]*\} from '(\.[^']+)';$/gm;
const TYPE_IMPORT = /^import type [^;]+;$/gm;
const EXPORT = /^export (?!\{|\*|default)/gm;

/** @param entry module whose import is the whole script. */
export function bundle(entry: URL): string {
  const parts: string[] = [];
  const seen = new Set<string>();
  const take = (url: URL): void => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    const source = readFileSync(url, 'utf8').replace(TYPE_IMPORT, '');
    for (const [, specifier] of source.matchAll(IMPORT)) take(new URL(specifier!, url));
    parts.push(withoutTypes(source.replace(IMPORT, ''), url).replace(EXPORT, ''));
  };
  take(entry);
  return parts.map(tidy).join('\n');
}

function withoutTypes(source: string, url: URL): string {
  return url.pathname.endsWith('.ts') ? quietly(() => module.stripTypeScriptTypes(source)) : source;
}

/** The page needs no blanks that stand in the place of types, and no comments. */
function tidy(source: string): string {
  return source
    .replace(/^\s*\/\*\*?[\s\S]*?\*\/\s*$/gm, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{2,}/g, '\n')
    .trim();
}

/** Node warns that stripping by call is experimental, though it loads its own modules that way; nobody who opens a page can act on it. */
function quietly<T>(act: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return act();
  } finally {
    process.emitWarning = emitWarning;
  }
}
