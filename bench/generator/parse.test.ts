import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SPEC, WORKLOAD } from '../driver/testing/trials.ts';
import { parseTrialSpec } from './parse.ts';

const problemsOf = (value: unknown) => {
  const parsed = parseTrialSpec(value);
  return parsed.ok ? [] : parsed.problems;
};
/** The fields that have problems. */
const pathsOf = (value: unknown) => problemsOf(value).map((problem) => problem.split(':', 1)[0]);
const open = { kind: 'open', sessionsPerSecond: 10, arrivals: { process: 'poisson' } };

describe('sound specs come back as they are', () => {
  test.each([
    ['the least', SPEC],
    [
      'everything',
      {
        ...SPEC,
        id: 'launch-3_b',
        client: {
          leg: { transport: 'websocket', envelope: 'binary', connection: 'multiplexed' },
          host: '::1',
          port: 65_535,
          tls: { ca: 'PEM', servername: 'localhost' },
          path: '/v1/responses',
          headers: { authorization: 'Bearer x' },
          keep: 'session',
          connectionsMax: 4,
          streamsPerConnection: 100,
          waitingMax: 0,
          connectTimeoutMs: 1,
          replyTimeoutMs: 0,
          messageBytesMax: 1,
          compression: true,
        },
        workload: {
          model: 'fast@tpotMs=1',
          agent: 'codex',
          turnsPerSession: 1_000,
          thinkMs: { kind: 'uniform', min: 0.5, max: 1.5 },
          inputTokens: { kind: 'lognormal', median: 100, sigma: 1, max: 1_000 },
          outputTokens: { kind: 'uniform', min: 1, max: 200_000 },
          history: 'delta',
          execution: 'thread',
          phases: true,
        },
        load: {
          ...open,
          arrivals: { process: 'gamma', cv: 2 },
          ramp: [
            { atMs: 5, sessionsPerSecond: 0 },
            { atMs: 5, sessionsPerSecond: 7 },
          ],
        },
        arrivalsPath: '/tmp/x',
      },
    ],
    ['closed', { ...SPEC, load: { kind: 'closed', users: 10_000, spreadMs: 999 } }],
    ['replay', { ...SPEC, load: { kind: 'replay', path: 'x.csv', format: 'azure', speedup: 2.5, limit: 2_000, outputTokensMax: 1_000 } }],
  ])('%s', (_name, spec) => {
    expect(parseTrialSpec(spec)).toEqual({ ok: true, spec });
  });
});

describe('problems', () => {
  test('are found all at once, each by its path', () => {
    const spec = {
      ...SPEC,
      id: 'a.b',
      seed: -1,
      client: { ...SPEC.client, leg: { transport: 'carrier pigeon' }, port: 0, tls: { cert: 'x' }, headers: { a: 1 }, compression: 'yes' },
      workload: {
        ...WORKLOAD,
        model: '',
        thinkMs: { kind: 'uniform', min: 2, max: 1 },
        inputTokens: 5,
        outputTokens: { kind: 'fixed', value: 1.5 },
      },
      load: {
        kind: 'open',
        sessionsPerSecond: '5',
        arrivals: { process: 'gamma' },
        ramp: [{ atMs: 9, sessionsPerSecond: 1 }, { atMs: 8 }],
      },
      measureMs: 0,
      extra: 1,
    };
    expect(pathsOf(spec)).toEqual([
      'id',
      'seed',
      'client.leg.transport',
      'client.leg.envelope',
      'client.leg.connection',
      'client.port',
      'client.tls.cert',
      'client.headers',
      'client.compression',
      'workload.model',
      'workload.thinkMs.min',
      'workload.inputTokens',
      'workload.inputTokens.kind',
      'workload.inputTokens.value',
      'workload.outputTokens.value',
      'load.sessionsPerSecond',
      'load.arrivals.cv',
      'load.ramp[1].sessionsPerSecond',
      'load.ramp[1].atMs',
      'measureMs',
      'extra',
    ]);
  });

  test.each([
    { what: 'no object', value: null, first: ': expected an object' },
    { what: 'an id that would end a key', value: { ...SPEC, id: 'x'.repeat(33) }, first: 'id: expected 1–32 letters' },
    { what: 'a field that is missing', value: { ...SPEC, drainMs: undefined }, first: 'drainMs: missing, expected a number from 0' },
    { what: 'NaN', value: { ...SPEC, warmupMs: Number.NaN }, first: 'warmupMs: expected a number' },
    {
      what: 'a fixed length of 0',
      value: { ...SPEC, workload: { ...WORKLOAD, outputTokens: { kind: 'fixed', value: 0 } } },
      first: 'workload.outputTokens.value',
    },
    { what: 'fields of another load', value: { ...SPEC, load: { ...open, users: 5 } }, first: 'load.users: is not known' },
    {
      what: 'a replay of nothing',
      value: { ...SPEC, load: { kind: 'replay', path: '', format: 'azure', speedup: 1, limit: 1, outputTokensMax: 1 } },
      first: 'load.path',
    },
    {
      what: 'a leg that cannot be',
      value: { ...SPEC, client: { ...SPEC.client, leg: { transport: 'sse', envelope: 'binary', connection: 'kept' } } },
      first: 'client.leg: binary over sse',
    },
    {
      what: 'delta over chat',
      value: {
        ...SPEC,
        client: { ...SPEC.client, leg: { transport: 'sse', envelope: 'chat', connection: 'kept' } },
        workload: { ...WORKLOAD, history: 'delta' },
      },
      first: 'workload.history: delta',
    },
    {
      what: 'more sessions than fit',
      value: { ...SPEC, load: { ...open, sessionsPerSecond: 900_001 } },
      first: 'load: 900001 sessions would arrive',
    },
    {
      what: 'users that start after the end',
      value: { ...SPEC, load: { kind: 'closed', users: 1, spreadMs: 1_000 } },
      first: 'load.spreadMs',
    },
    {
      what: 'more users than may be in flight',
      value: { ...SPEC, load: { kind: 'closed', users: 5, spreadMs: 0 }, inFlightMax: 4 },
      first: 'inFlightMax: is less than the 5 users',
    },
  ])('$what', ({ value, first }) => {
    const problems = problemsOf(value);
    expect(problems[0]).toContain(first);
  });
});

test('anything at all is answered with a spec or with problems', () => {
  const mutated = fc.tuple(fc.constantFrom(...Object.keys(SPEC)), fc.anything()).map(([name, value]) => ({ ...SPEC, [name]: value }));
  fc.assert(
    fc.property(fc.oneof(fc.anything(), mutated), (value) => {
      const parsed = parseTrialSpec(value);
      return parsed.ok ? parsed.spec.id.length > 0 : parsed.problems.length > 0;
    }),
    { numRuns: 500 },
  );
});
