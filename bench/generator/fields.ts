/** Reads the fields of objects of unknown shape, one problem a fault, all of them collected. */

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One object. Every reading has a stand-in for what is wrong, so that reading goes on to the next problem. */
export class FieldReader {
  readonly #problems: string[];
  readonly #path: string;
  readonly #fields: Fields;
  readonly #asked = new Set<string>();

  constructor(value: unknown, path: string, problems: string[]) {
    this.#problems = problems;
    this.#path = path;
    this.#fields = isFields(value) ? value : {};
    if (!isFields(value)) problems.push(`${path}: expected an object`);
  }

  has(name: string): boolean {
    this.#asked.add(name);
    return this.#fields[name] !== undefined;
  }

  object(name: string): FieldReader {
    this.#asked.add(name);
    return new FieldReader(this.#fields[name], this.at(name), this.#problems);
  }

  /** The objects of a list of so many; none where the field is absent. */
  objects(name: string, countMin: number, countMax: number): FieldReader[] {
    if (!this.has(name)) return [];
    const list = this.#fields[name];
    if (!Array.isArray(list) || list.length < countMin || list.length > countMax) {
      this.problem(name, `expected a list of ${countMin} to ${countMax}`);
      return [];
    }
    return list.map((item, index) => new FieldReader(item, `${this.at(name)}[${index}]`, this.#problems));
  }

  number(name: string, min: number, max: number): number {
    return this.#value(name, `a number from ${min} to ${max}`, min, (value) => typeof value === 'number' && value >= min && value <= max);
  }

  integer(name: string, min: number, max: number): number {
    const isFine = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
    return this.#value(name, `a whole number from ${min} to ${max}`, min, isFine);
  }

  boolean(name: string): boolean {
    return this.#value(name, 'true or false', false, (value) => typeof value === 'boolean');
  }

  string(name: string, expected = 'a text that is not empty', shape = /./s): string {
    return this.#value(name, expected, '', (value) => typeof value === 'string' && shape.test(value));
  }

  oneOf<Value extends string>(name: string, values: readonly Value[]): Value {
    return this.#value(name, values.join(' or '), values[0]!, (value) => values.some((known) => known === value));
  }

  /** Names and texts, such as headers. */
  texts(name: string): Record<string, string> {
    const isFine = (value: unknown) => isFields(value) && Object.values(value).every((text) => typeof text === 'string');
    return this.#value(name, 'an object of texts', {}, isFine);
  }

  /** Only where the field is there. */
  optional<Value>(name: string, read: (name: string) => Value): Record<string, Value> {
    return this.has(name) ? { [name]: read(name) } : {};
  }

  problem(name: string, message: string): void {
    this.#problems.push(`${this.at(name)}: ${message}`);
  }

  at(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  /** Names what was never asked for: a misspelt field would else be a default. */
  end(): void {
    for (const name of Object.keys(this.#fields)) if (!this.#asked.has(name)) this.problem(name, 'is not known');
  }

  #value<Value>(name: string, expected: string, standIn: Value, isFine: (value: unknown) => boolean): Value {
    this.#asked.add(name);
    const value = this.#fields[name];
    // Sound, as each caller's `isFine` is the test for its own `Value`.
    if (isFine(value)) return value as Value;
    this.problem(name, value === undefined ? `missing, expected ${expected}` : `expected ${expected}`);
    return standIn;
  }
}
