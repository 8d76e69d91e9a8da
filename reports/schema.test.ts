import { describe, expect, test } from 'vitest';
import { REPORT_SCHEMA, validateReport } from './schema.ts';
import { BEST_HTTP, emptyReport, exampleReport, HTTP } from './testing/example.ts';

type Json = Record<string, unknown>;
const copy = () => structuredClone(exampleReport()) as unknown as Json;
const problemsOf = (value: unknown): string[] => {
  const result = validateReport(value);
  return result.ok ? [] : result.problems;
};

/** Walks a value along its schema; calls with every object that has fixed fields. */
function walk(value: unknown, schema: Json, visit: (object: Json, schema: Json, path: string) => void, path = ''): void {
  if (Array.isArray(schema.anyOf)) {
    const branch = (schema.anyOf as Json[]).find((one) => (one.type === 'null') === (value === null));
    if (branch && value !== null) walk(value, branch, visit, path);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) walk(item, (schema.items ?? {}) as Json, visit, `${path}/${index}`);
    return;
  }
  const properties = schema.properties as Record<string, Json> | undefined;
  if (properties) visit(value as Json, schema, path);
  for (const [key, child] of Object.entries(value)) {
    const inner = properties?.[key] ?? schema.additionalProperties;
    if (typeof inner === 'object') walk(child, inner as Json, visit, `${path}/${key}`);
  }
}

describe('schema', () => {
  test('takes reports made from the types', () => {
    expect(problemsOf(exampleReport())).toEqual([]);
    expect(problemsOf(emptyReport())).toEqual([]);
    expect(problemsOf(JSON.parse(JSON.stringify(exampleReport())))).toEqual([]);
  });

  test('the example has every field that the schema knows, so that what follows tests all of them', () => {
    const known = new Map<object, Set<string>>();
    walk(exampleReport(), REPORT_SCHEMA as Json, (object, schema) => {
      const properties = schema.properties as object;
      const seen = known.get(properties) ?? new Set<string>();
      for (const key of Object.keys(object)) seen.add(key);
      known.set(properties, seen);
    });
    expect(known.size).toBeGreaterThan(20);
    for (const [properties, seen] of known) expect([...seen].sort()).toEqual(Object.keys(properties).sort());
  });

  test('every required field is missed, every optional one is not, and a field too many is refused, everywhere', () => {
    const sites: { path: string; required: string[]; present: string[] }[] = [];
    walk(exampleReport(), REPORT_SCHEMA as Json, (object, schema, path) => {
      sites.push({ path, required: schema.required as string[], present: Object.keys(object) });
    });
    // One site for each shape is enough: those of later arms and scenarios repeat it.
    const shapes = new Map(
      sites.map((site) => [`${site.path.replace(/\d+/g, '#').replace(/metrics\/\w+/, 'metrics/*')}:${site.present}`, site]),
    );
    expect(shapes.size).toBeGreaterThan(25);
    for (const { path, required, present } of shapes.values()) {
      const at = (report: Json): Json =>
        path
          .split('/')
          .slice(1)
          .reduce((node, key) => node[key] as Json, report);
      for (const key of present) {
        const report = copy();
        delete at(report)[key];
        const mentions = problemsOf(report).some(
          (problem) => problem.includes('schemaVersion') || problem.includes(`required property '${key}'`),
        );
        expect([path, key, mentions]).toEqual([path, key, required.includes(key)]);
      }
      const report = copy();
      at(report).surprise = 1;
      expect(problemsOf(report)).toEqual([`${path || '/'} must NOT have additional properties: "surprise"`]);
    }
  });

  test.each<[string, (report: Json) => void, string]>([
    ['another version', (r) => Object.assign(r, { schemaVersion: 2 }), 'schemaVersion is 2; this version reads 1'],
    [
      'an unknown verdict',
      (r) => Object.assign(r, { verdict: 'fine' }),
      '/verdict must be equal to one of the allowed values: ["pass","fail","inconclusive"]',
    ],
    ['NaN', (r) => Object.assign(r, { durationMs: Number.NaN }), '/durationMs must be number'],
    ['a time that is not UTC', (r) => Object.assign(r, { startedAt: '2026-11-24 08:24' }), '/startedAt must match pattern'],
    ['half an interval', (r) => edit(r, 'interval', [1]), '/scenarios/0/comparisons/0/interval must NOT have fewer than 2 items'],
    ['an interval with a hole', (r) => edit(r, 'interval', [1, null]), '/scenarios/0/comparisons/0/interval/1 must be number'],
  ])('refuses %s', (_, change, problem) => {
    const report = copy();
    change(report);
    const problems = problemsOf(report);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  test('never throws, whatever it is given', () => {
    for (const value of [null, undefined, 1, 'report', [], {}, { schemaVersion: 1 }, { schemaVersion: 1, scenarios: {} }]) {
      expect(validateReport(value).ok).toBe(false);
    }
    expect(problemsOf({ schemaVersion: 1 }).length).toBeGreaterThan(5);
  });
});

describe('consistency', () => {
  const first = (report: Json, key: string): Json[] => ((report.scenarios as Json[])[0]?.[key] as Json[]) ?? [];
  test.each<[string, (report: Json) => void, string]>([
    [
      'outcomes that do not add up',
      (r) => Object.assign(first(r, 'arms')[0]!.turns as Json, { completed: 1 }),
      `scenario "latency", arm "${HTTP}": 1500 turns were offered and 4 ended`,
    ],
    [
      'a comparison with an arm that is not there',
      (r) => edit(r, 'candidate', 'x'),
      'scenario "latency": a comparison of turn names the arm "x", which is not there',
    ],
    [
      'inconclusive without a reason',
      (r) => edit(r, 'verdict', 'inconclusive'),
      'scenario "latency": a comparison of turn is inconclusive without a reason',
    ],
    ['bounds the wrong way round', (r) => edit(r, 'interval', [2, 1]), '/scenarios/0/comparisons/0/interval runs from 2 down to 1'],
    [
      'bounds of a quantile the wrong way round',
      (r) => Object.assign(((first(r, 'arms')[0]!.metrics as Json).turn as Json).quantileIntervals as Json, { p90: [2, 1] }),
      '/scenarios/0/arms/0/metrics/turn/quantileIntervals/p90 runs from 2 down to 1',
    ],
    [
      'a timeline with a hole',
      (r) => Object.assign(first(r, 'arms')[1]!.timeline as Json, { turnMs: [1] }),
      `scenario "latency", arm "${BEST_HTTP}": the columns of its timeline are not of one length`,
    ],
    ['an arm twice', (r) => first(r, 'arms').push(first(r, 'arms')[0]!), `scenario "latency": arm "${HTTP}" stands twice`],
    ['a scenario twice', (r) => (r.scenarios as Json[]).push((r.scenarios as Json[])[2]!), 'scenario "concurrency" stands twice'],
    [
      'a claim that is not its headline',
      (r) => Object.assign((r.claims as Json[])[0]!, { verdict: 'reproduced' }),
      'claim "turn" is "reproduced", its headline reading "not-reproduced"',
    ],
    [
      'a claim decided without its headline',
      (r) => Object.assign((r.claims as Json[])[0]!, { headline: { measure: 'turn', condition: 'elsewhere' } }),
      'claim "turn": "not-reproduced" without the headline reading',
    ],
  ])('finds %s', (_, change, problem) => {
    const report = copy();
    change(report);
    expect(problemsOf(report)).toEqual([problem]);
  });
});

function edit(report: Json, key: string, value: unknown): void {
  const comparison = ((report.scenarios as Json[])[0]!.comparisons as Json[])[0]!;
  comparison[key] = value;
}
