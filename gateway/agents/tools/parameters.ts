/**
 * The parameters of a tool: written down once, as the JSON Schema that the LLM is given, and checked from the same when
 * it calls. Only what tools need of JSON Schema exists here: strings and integers, with bounds, in one flat object.
 */
interface TextField {
  readonly type: 'string';
  readonly description: string;
  readonly maxLength: number;
}
interface IntegerField {
  readonly type: 'integer';
  readonly description: string;
  readonly minimum: number;
  readonly maximum: number;
}
type Field = TextField | IntegerField;

export interface Fields {
  readonly required: Readonly<Record<string, Field>>;
  readonly optional: Readonly<Record<string, Field>>;
}

type ValueOf<F extends Field> = F extends TextField ? string : number;
export type ValuesOf<F extends Fields> = { readonly [Name in keyof F['required']]: ValueOf<F['required'][Name]> } & {
  readonly [Name in keyof F['optional']]?: ValueOf<F['optional'][Name]>;
};

/** JSON Schema. */
export interface Parameters {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, Field>>;
  readonly required: readonly string[];
  readonly additionalProperties: false;
}

export function text(description: string, maxLength: number): TextField {
  return { type: 'string', description, maxLength };
}

export function integer(description: string, minimum: number, maximum: number): IntegerField {
  return { type: 'integer', description, minimum, maximum };
}

export function parametersOf({ required, optional }: Fields): Parameters {
  return { type: 'object', properties: { ...required, ...optional }, required: Object.keys(required), additionalProperties: false };
}

/** @throws an error that names everything that is wrong. */
export function parseArguments<F extends Fields>(json: string, fields: F): ValuesOf<F> {
  const values = parseObject(json);
  const properties: Readonly<Record<string, Field>> = { ...fields.required, ...fields.optional };
  const problems = Object.keys(values)
    .filter((name) => !Object.hasOwn(properties, name))
    .map((name) => `${JSON.stringify(name.slice(0, 100))} is no parameter`);
  for (const [name, field] of Object.entries(properties)) {
    const problem = values[name] === undefined ? missing(name, fields) : problemOf(values[name], field);
    if (problem !== undefined) problems.push(`${name} must be ${problem}`);
  }
  if (problems.length > 0) throw new TypeError(problems.join('; '));
  return values as ValuesOf<F>;
}

function parseObject(json: string): Record<string, unknown> {
  let value: unknown;
  try {
    // Models write nothing at all where there is nothing to say.
    value = JSON.parse(json === '' ? '{}' : json);
  } catch {
    throw new TypeError('the arguments are not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('the arguments must be a JSON object');
  return value as Record<string, unknown>;
}

function missing(name: string, { required }: Fields): string | undefined {
  return Object.hasOwn(required, name) ? 'given' : undefined;
}

function problemOf(value: unknown, field: Field): string | undefined {
  if (field.type === 'string') {
    if (typeof value === 'string' && value.length <= field.maxLength) return undefined;
    return `a string of at most ${field.maxLength} characters`;
  }
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= field.minimum && value <= field.maximum) return undefined;
  return `an integer from ${field.minimum} to ${field.maximum}`;
}
