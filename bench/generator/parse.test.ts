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
const LINK = { name: 'a', port: 1, roundTripMs: 20 };
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
          leg: { transport: 'websocket', envelope: 'compact', connection: 'multiplexed' },
          host: '127.0.0.1',
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
          streamWindowBytes: 65_536,
          messageBytesMax: 1,
          compression: true,
          session: { env: { PROJECT: 'x', EMPTY: '' } },
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
          readPauseMs: 50,
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
        links: [
          { name: 'rtt0', port: 1, roundTripMs: 0 },
          { name: 'rtt0.5', port: 65_535, roundTripMs: 0.5 },
        ],
        beside: {
          workload: {
            ...WORKLOAD,
            model: 'fast@tool=compute,toolMs=25,toolRounds=2',
            agent: 'codex',
            execution: 'process',
            unlimited: true,
          },
          load: { kind: 'closed', users: 4, spreadMs: 10 },
        },
        seriesBinMs: 62.5,
      },
    ],
    [
      'a session without env',
      { ...SPEC, client: { ...SPEC.client, leg: { transport: 'websocket', envelope: 'chat', connection: 'kept' }, session: {} } },
    ],
    [
      'closed over links',
      {
        ...SPEC,
        load: { kind: 'closed', users: 6, spreadMs: 0 },
        links: [LINK, { ...LINK, name: 'b', port: 2 }, { ...LINK, name: 'c', port: 3 }],
      },
    ],
    ['one address or another', { ...SPEC, client: { ...SPEC.client, host: '::1' } }],
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
      client: {
        ...SPEC.client,
        leg: { transport: 'carrier pigeon' },
        port: 0,
        tls: { cert: 'x' },
        headers: { a: 1 },
        compression: 'yes',
        session: { token: 'x' },
      },
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
      links: [{ name: 'a b', port: 0, roundTripMs: -1, target: 'x' }, 7, LINK],
      beside: { workload: { ...WORKLOAD, agent: '', execution: 'fork' }, load: { kind: 'closed', users: 0, spreadMs: 0 }, client: {} },
      seriesBinMs: -1,
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
      'client.session.token',
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
      'links[1]',
      'links[0].name',
      'links[0].port',
      'links[0].roundTripMs',
      'links[0].target',
      'links[1].name',
      'links[1].port',
      'links[1].roundTripMs',
      'beside.workload.agent',
      'beside.workload.execution',
      'beside.load.users',
      'beside.client',
      'seriesBinMs',
      'extra',
    ]);
  });

  test('that concern several fields are found all at once too', () => {
    const closed = (users: number) => ({ kind: 'closed', users, spreadMs: 0 });
    const spec = {
      ...SPEC,
      client: { ...SPEC.client, host: '::1' },
      links: [LINK, LINK, LINK],
      load: closed(5),
      beside: { workload: WORKLOAD, load: closed(7) },
      inFlightMax: 6,
    };
    expect(pathsOf(spec)).toEqual(['client.host', 'links', 'links', 'load.users', 'inFlightMax', 'beside.load.users']);
  });

  test.each([
    { what: 'no object', value: null, first: ': expected an object' },
    { what: 'an id that would end a key', value: { ...SPEC, id: 'x'.repeat(33) }, first: 'id: expected 1–32 letters' },
    { what: 'a field that is missing', value: { ...SPEC, drainMs: undefined }, first: 'drainMs: missing, expected a number from 0' },
    { what: 'no word on the series', value: { ...SPEC, seriesBinMs: undefined }, first: 'seriesBinMs: missing' },
    {
      what: 'a series of too many bins',
      // 1,000 ms and a drain of 5,000.
      value: { ...SPEC, seriesBinMs: 0.5 },
      first: 'seriesBinMs: the trial has 12000 such bins, the most are 10000',
    },
    {
      what: 'env that is no text',
      value: { ...SPEC, client: { ...SPEC.client, session: { env: { A: 1 } } } },
      first: 'client.session.env: expected an object of texts',
    },
    { what: 'links of no number', value: { ...SPEC, links: {} }, first: 'links: expected a list of 1 to 64' },
    { what: 'no links at all', value: { ...SPEC, links: [] }, first: 'links: expected a list of 1 to 64' },
    { what: 'too many links', value: { ...SPEC, links: Array(65).fill(LINK) }, first: 'links: expected a list of 1 to 64' },
    { what: 'links of one name', value: { ...SPEC, links: [LINK, { ...LINK, port: 2 }] }, first: 'links: two have the same name' },
    { what: 'links of one port', value: { ...SPEC, links: [LINK, { ...LINK, name: 'b' }] }, first: 'links: two have the same port' },
    {
      what: 'a link to elsewhere',
      value: { ...SPEC, links: [LINK], client: { ...SPEC.client, host: 'localhost' } },
      first: 'client.host: links are at 127.0.0.1',
    },
    {
      what: 'users that would change their link',
      value: { ...SPEC, links: [LINK, { ...LINK, name: 'b', port: 2 }], load: { kind: 'closed', users: 3, spreadMs: 0 } },
      first: 'load.users: 3 is no multiple of the 2 links',
    },
    {
      what: 'users beside that would',
      value: {
        ...SPEC,
        links: [LINK, { ...LINK, name: 'b', port: 2 }],
        beside: { workload: WORKLOAD, load: { kind: 'closed', users: 1, spreadMs: 0 } },
      },
      first: 'beside.load.users: 1 is no multiple of the 2 links',
    },
    {
      what: 'a ramp without end',
      value: { ...SPEC, load: { ...open, ramp: Array(10_001).fill({ atMs: 1, sessionsPerSecond: 1 }) } },
      first: 'load.ramp: expected a list of 0 to 10000',
    },
    {
      what: 'a beside of nothing',
      value: { ...SPEC, beside: { workload: WORKLOAD } },
      first: 'beside.load: expected an object',
    },
    {
      what: 'more users beside than may be in flight',
      value: { ...SPEC, beside: { workload: WORKLOAD, load: { kind: 'closed', users: 5, spreadMs: 0 } }, inFlightMax: 4 },
      first: 'inFlightMax: is less than the 5 users of beside.load',
    },
    {
      what: 'more sessions beside than fit',
      value: { ...SPEC, beside: { workload: WORKLOAD, load: { ...open, sessionsPerSecond: 900_001 } } },
      first: 'beside.load: 900001 sessions would arrive',
    },
    {
      what: 'delta beside over chat',
      value: {
        ...SPEC,
        client: { ...SPEC.client, leg: { transport: 'sse', envelope: 'chat', connection: 'kept' } },
        beside: { workload: { ...WORKLOAD, history: 'delta' }, load: open },
      },
      first: 'beside.workload.history: delta',
    },
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
      what: 'signed messages where none can be',
      value: { ...SPEC, client: { ...SPEC.client, session: {} } },
      first: 'client.session: signed messages over sse',
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
