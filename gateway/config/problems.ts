/**
 * What is wrong with a configuration, in a form for people and for programs: where, what was seen there, what was
 * expected. All problems are found in one pass, so that a user corrects a file once. Secrets are never repeated.
 */
import { closest } from './closest.ts';

export interface Problem {
  /** Path in the JSON, like `acp.allowedAgents[1]`; `$` is the whole file. */
  path: string;
  seen: string;
  expected: string;
  /** What the user may have meant. */
  hint?: string;
}

/** The part of zod's issues that is used here. */
export interface Issue {
  code?: string;
  path: PropertyKey[];
  message: string;
  keys?: string[];
  params?: Record<string, unknown> | undefined;
}

/** The part of a JSON Schema that is needed to look up keys. */
export interface ObjectSchema {
  properties?: Record<string, ObjectSchema>;
  anyOf?: ObjectSchema[];
}

export function problemsOf(issues: readonly Issue[], input: unknown, schema: ObjectSchema): Problem[] {
  const problems = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? (issue.keys ?? []).map((key) => unknownKey(issue.path, key, schema))
      : [{ path: written(issue.path), seen: seenOf(issue, input), expected: issue.message }],
  );
  // A value can break two checks of one kind (negative and no integer): said once.
  const byPath = new Map<string, Problem>();
  for (const problem of problems) if (!byPath.has(problem.path)) byPath.set(problem.path, problem);
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** For a terminal. */
export function describeProblem({ path, seen, expected, hint }: Problem): string {
  return `${path}: saw ${seen}, expected ${expected}${hint === undefined ? '' : ` (${hint})`}`;
}

export function written(path: readonly PropertyKey[]): string {
  let out = '';
  for (const part of path) {
    if (typeof part === 'number') out += `[${part}]`;
    else if (/^[\w-]+$/.test(String(part))) out += out === '' ? String(part) : `.${String(part)}`;
    else out += `[${JSON.stringify(String(part))}]`;
  }
  return out === '' ? '$' : out;
}

function unknownKey(path: readonly PropertyKey[], key: string, schema: ObjectSchema): Problem {
  const known = Object.keys(propertiesAt(schema, path));
  const near = closest(key, known) ?? elsewhere(schema, key);
  return {
    path: written([...path, key]),
    seen: 'an unknown key',
    expected: known.length === 0 ? 'no such key' : `one of the keys ${known.join(', ')}`,
    ...(near === undefined ? {} : { hint: `did you mean ${JSON.stringify(near)}?` }),
  };
}

function propertiesAt(schema: ObjectSchema, path: readonly PropertyKey[]): Record<string, ObjectSchema> {
  let at: ObjectSchema | undefined = schema;
  for (const part of path) if (typeof part === 'string') at = at?.properties?.[part];
  return at?.properties ?? at?.anyOf?.find((one) => one.properties)?.properties ?? {};
}

/** The full path of a key that exists, but not where it was written. */
function elsewhere(schema: ObjectSchema, key: string, path: readonly string[] = []): string | undefined {
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const found = name === key ? [...path, name].join('.') : elsewhere(inner, key, [...path, name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

const SECRETS = [/^auth\b/, /^upstream\.(apiKey|headers)\b/];
const SHOWN_CHARACTERS_MAX = 80;

function seenOf(issue: Issue, input: unknown): string {
  if (typeof issue.params?.seen === 'string') return issue.params.seen;
  let value = input;
  for (const part of issue.path)
    value = typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined;
  return describe(
    value,
    SECRETS.some((pattern) => pattern.test(written(issue.path))),
  );
}

function describe(value: unknown, secret: boolean): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (secret || (typeof value === 'string' && /:\/\/[^/]*@/.test(value))) return `a ${typeof value} (not shown)`;
  const shown = JSON.stringify(value);
  return shown.length > SHOWN_CHARACTERS_MAX ? `${shown.slice(0, SHOWN_CHARACTERS_MAX)}… (${shown.length} characters)` : shown;
}
