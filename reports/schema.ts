/**
 * report.json as a JSON Schema (draft 2020-12), and the check of a report that came from elsewhere.
 *
 * The schema is built from pieces that carry the TypeScript type which they describe, so the compiler refuses a
 * schema that lacks a field of `report.ts`, has one too many, or gives one another type or necessity.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { contradictions } from './consistency.ts';
import {
  type Arm,
  type ArmTraces,
  CLAIM_VERDICTS,
  type Claim,
  type Comparison,
  type Difference,
  type Environment,
  type Factors,
  type Interval,
  type JsonValue,
  type Layers,
  type LoadCurve,
  type Measured,
  type NotRun,
  type PhaseSplit,
  READING_SIDES,
  REPORT_VERDICTS,
  type Reading,
  type Region,
  type Report,
  type Rung,
  SCHEMA_VERSION,
  type Scenario,
  type Schedule,
  type SlowTurn,
  type Threshold,
  type Timeline,
  type Turns,
  UNITS,
  type Validity,
  VERDICTS,
} from './report.ts';

declare const DESCRIBES: unique symbol;
/** A schema of values of type V; V exists for the compiler alone. */
interface Schema<V> {
  readonly [DESCRIBES]?: (value: V) => V;
  readonly [keyword: string]: unknown;
}
interface Optional<V> {
  readonly optional: Schema<V>;
}
type Fields<T> = { readonly [K in keyof T]-?: object extends Pick<T, K> ? Optional<Exclude<T[K], undefined>> : Schema<T[K]> };

const string: Schema<string> = { type: 'string' };
const named: Schema<string> = { type: 'string', minLength: 1 };
const boolean: Schema<boolean> = { type: 'boolean' };
const number: Schema<number> = { type: 'number' };
const nonNegative: Schema<number> = { type: 'number', minimum: 0 };
const count: Schema<number> = { type: 'integer', minimum: 0 };
const oneOf = <V extends string>(values: readonly V[]): Schema<V> => ({ enum: values });
const constant = <V extends string | number>(value: V): Schema<V> => ({ const: value });
const orNull = <V>(schema: Schema<V>): Schema<V | null> => ({ anyOf: [schema, { type: 'null' }] });
const array = <V>(items: Schema<V>): Schema<readonly V[]> => ({ type: 'array', items });
const record = <V>(values: Schema<V>): Schema<Readonly<Record<string, V>>> => ({ type: 'object', additionalProperties: values });
const optional = <V>(schema: Schema<V>): Optional<V> => ({ optional: schema });

function object<T>(fields: Fields<T>): Schema<T> {
  const properties: Record<string, unknown> = {};
  const required: string[] = [];
  for (const [name, field] of Object.entries(fields) as [string, Readonly<Record<string, unknown>>][]) {
    properties[name] = field.optional ?? field;
    if (field.optional === undefined) required.push(name);
  }
  return { type: 'object', properties, required, additionalProperties: false };
}

const unit = oneOf(UNITS);
const interval: Schema<Interval> = { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 };
const json: Schema<JsonValue> = { $ref: '#/$defs/json' };

const measured = object<Measured>({
  unit,
  estimate: orNull(number),
  interval: orNull(interval),
  quantiles: optional(record(orNull(number))),
  quantileIntervals: optional(record(orNull(interval))),
  quantileReasons: optional(record(string)),
  statistic: optional(oneOf(['p50', 'mean', 'count', 'total'])),
  bound: optional(oneOf(['atLeast', 'atMost'])),
  samples: optional(count),
  reason: optional(string),
});

const turns = object<Turns>({
  offered: count,
  completed: count,
  failed: count,
  cancelled: count,
  timedOut: count,
  refused: count,
  dropped: count,
});

const factors = object<Factors>({
  clientTransport: string,
  clientEnvelope: string,
  clientConnection: string,
  upstreamTransport: string,
  upstreamEnvelope: string,
  upstreamConnection: string,
  history: string,
  execution: string,
});

const layers = object<Layers>({
  unit: oneOf(['B', 'B/turn', 'B/token']),
  content: nonNegative,
  envelope: nonNegative,
  framing: nonNegative,
  headers: nonNegative,
  tls: orNull(nonNegative),
  diagnostics: nonNegative,
});

const phaseSplit = object<PhaseSplit>({
  among: oneOf(['p50', 'p90', 'p99', 'all']),
  turns: count,
  meanMs: record(number),
  residualMs: number,
  modelMs: optional(orNull(number)),
});
const slowTurn = object<SlowTurn>({
  key: named,
  outcome: named,
  turnMs: nonNegative,
  phasesMs: record(number),
  residualMs: orNull(number),
  traceId: optional(named),
});
const validity = object<Validity>({ ok: boolean, excluded: count, trials: optional(count), reasons: array(string) });

const timeline = object<Timeline>({
  binMs: { type: 'number', exclusiveMinimum: 0 },
  offeredPerSecond: array(nonNegative),
  completedPerSecond: array(nonNegative),
  refusedPerSecond: array(nonNegative),
  turnMs: array(orNull(nonNegative)),
});

const curve = object<LoadCurve>({
  measure: named,
  unit,
  limit: nonNegative,
  points: array(object<LoadCurve['points'][number]>({ streams: nonNegative, p99: orNull(nonNegative), held: boolean })),
});

const condition: Schema<string | number | boolean> = { type: ['string', 'number', 'boolean'] };

const arm = object<Arm>({
  id: named,
  factors,
  conditions: record(condition),
  mixOf: optional(array(named)),
  launches: count,
  turns,
  codes: optional(record(count)),
  metrics: record(measured),
  layers: optional(layers),
  histograms: optional(record(string)),
  phases: optional(array(phaseSplit)),
  slowest: optional(array(slowTurn)),
  timeline: optional(timeline),
  curve: optional(curve),
  details: optional(record(json)),
  validity,
  traces: optional(object<ArmTraces>({ sampled: count, lost: count })),
  notes: optional(array(string)),
});

const comparison = object<Comparison>({
  baseline: named,
  candidate: named,
  measure: named,
  condition: string,
  ratio: orNull(nonNegative),
  interval: orNull(interval),
  difference: optional(object<Difference>({ unit, estimate: orNull(number), interval: orNull(interval) })),
  verdict: oneOf(VERDICTS),
  reason: optional(string),
  deciding: optional(boolean),
  launches: optional(count),
  margin: optional(nonNegative),
  pAdjusted: optional(nonNegative),
});

const rung = object<Rung>({
  step: count,
  factor: named,
  from: string,
  to: string,
  condition: string,
  measure: named,
  before: optional(orNull(number)),
  ratio: orNull(nonNegative),
  interval: orNull(interval),
  interaction: optional(object<NonNullable<Rung['interaction']>>({ ratio: orNull(nonNegative), interval: orNull(interval) })),
});

const schedule = object<Schedule>({
  hash: string,
  offeredRate: nonNegative,
  achievedRate: nonNegative,
  interArrivalCv: orNull(nonNegative),
});

const scenario = object<Scenario>({
  name: named,
  why: string,
  parameters: record(json),
  schedule: orNull(schedule),
  arms: array(arm),
  comparisons: array(comparison),
  ladder: optional(array(rung)),
  findings: optional(array(string)),
  notRun: array(object<NotRun>({ what: named, reason: named })),
});

const reading = object<Reading>({
  measure: named,
  condition: string,
  unit,
  http: orNull(number),
  websocket: orNull(number),
  bestHttp: optional(orNull(number)),
  atLeast: optional(array(oneOf(READING_SIDES))),
  improvement: orNull(number),
  interval: orNull(interval),
  verdict: oneOf(CLAIM_VERDICTS),
});

const regionAxis = object<Region['x']>({ name: named, unit: string, values: array(number) });

const region = object<Region>({
  x: regionAxis,
  y: regionAxis,
  improvement: array(array(orNull(number))),
  measured: array(object<Region['measured'][number]>({ x: number, y: number, improvement: number })),
  model: string,
  errorMax: orNull(nonNegative),
  sentence: string,
});

const claim = object<Claim>({
  measure: named,
  claimed: object<Claim['claimed']>({ unit, http: number, websocket: number, improvement: number }),
  headline: object<Claim['headline']>({ measure: named, condition: string }),
  readings: array(reading),
  verdict: oneOf(CLAIM_VERDICTS),
  explanation: string,
  region: optional(region),
});

const threshold = object<Threshold>({
  expression: named,
  ok: boolean,
  value: orNull(number),
  unit: optional(unit),
  reason: optional(string),
});

const environment = object<Environment>({
  node: string,
  os: string,
  kernel: string,
  cpuModel: string,
  cores: count,
  coresEffective: nonNegative,
  memoryBytes: count,
  pinning: array(object<Environment['pinning'][number]>({ process: named, cores: array(count) })),
  canaryCv: orNull(nonNegative),
  git: orNull(object<NonNullable<Environment['git']>>({ commit: string, dirty: boolean })),
  notes: optional(array(string)),
});

const report = object<Report>({
  schemaVersion: constant(SCHEMA_VERSION),
  tool: object<Report['tool']>({ name: named, version: named }),
  startedAt: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$' },
  durationMs: nonNegative,
  command: array(string),
  seed: number,
  environment,
  scenarios: array(scenario),
  claims: array(claim),
  thresholds: array(threshold),
  verdict: oneOf(REPORT_VERDICTS),
  verdictReason: optional(string),
});

export const REPORT_SCHEMA: Readonly<Record<string, unknown>> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'gatebench report',
  ...report,
  $defs: {
    json: {
      anyOf: [
        { type: ['string', 'number', 'boolean', 'null'] },
        { type: 'array', items: { $ref: '#/$defs/json' } },
        { type: 'object', additionalProperties: { $ref: '#/$defs/json' } },
      ],
    },
  },
};

export type ReportResult = { ok: true; report: Report } | { ok: false; problems: string[] };

let compiled: ValidateFunction<Report> | undefined;

/** Checks what a schema can say, and then what it cannot (`consistency.ts`). All problems at once, never throws. */
export function validateReport(value: unknown): ReportResult {
  const version = typeof value === 'object' && value !== null && 'schemaVersion' in value ? value.schemaVersion : undefined;
  if (version !== SCHEMA_VERSION) {
    return { ok: false, problems: [`schemaVersion is ${JSON.stringify(version)}; this version reads ${SCHEMA_VERSION}`] };
  }
  compiled ??= new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile<Report>(REPORT_SCHEMA);
  if (!compiled(value)) return { ok: false, problems: problemsOf(compiled.errors ?? []) };
  const problems = contradictions(value);
  return problems.length === 0 ? { ok: true, report: value } : { ok: false, problems };
}

function problemsOf(errors: readonly ErrorObject[]): string[] {
  const problems = errors
    // Each `… or null` also complains that the value is not null, and that none of the two matched.
    .filter(({ keyword, params }) => keyword !== 'anyOf' && !(keyword === 'type' && params.type === 'null'))
    .map(({ instancePath, message, params }) => {
      const extra = 'additionalProperty' in params ? `: ${JSON.stringify(params.additionalProperty)}` : '';
      const allowed = 'allowedValues' in params ? `: ${JSON.stringify(params.allowedValues)}` : '';
      return `${instancePath || '/'} ${message ?? 'is not valid'}${extra}${allowed}`;
    });
  return [...new Set(problems)];
}
