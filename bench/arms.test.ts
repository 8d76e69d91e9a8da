import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXECUTIONS } from '../transports/contract.ts';
import { VALID_LEGS } from '../transports/testing/legs.ts';
import { arm, formatArm, formatLeg, parseArm, partsOf, withRoundTrips } from './arms.ts';
import { DEFAULT_CONDITIONS, readRoundTrips, roundTripsCondition, roundTripsOf } from './conditions.ts';

const SSE = 'sse/chat/kept>sse/chat/kept/full/inline';
const BINARY = 'websocket/binary/kept>sse/chat/kept/full/inline';

describe('parseArm', () => {
  it('reads the example of the documentation', () => {
    const id = 'websocket/responses/multiplexed>sse/chat/kept/full/thread@arrivals=together,flushMs=1';
    expect(arm(id)).toMatchObject({
      id,
      kind: 'gateway',
      client: { transport: 'websocket', envelope: 'responses', connection: 'multiplexed' },
      upstream: { transport: 'sse', envelope: 'chat', connection: 'kept' },
      history: 'full',
      execution: 'thread',
      conditions: { arrivals: 'together', flushMs: 1, tls: false, tokensPerChunk: 1 },
    });
  });

  it('makes ids canonical', () => {
    expect(arm('sse/chat/kept>sse/chat/kept/full/inline@flushMs=0,tls=true').id).toBe('sse/chat/kept>sse/chat/kept/full/inline@tls=true');
    expect(arm('bare/sse').id).toBe('bare/sse');
    expect(arm('bare/websocket/pass-through@arrivals=together')).toMatchObject({
      kind: 'pass-through',
      upstream: { transport: 'sse', envelope: 'responses' },
    });
    expect(arm('direct/sse/chat/kept').kind).toBe('direct');
    expect(arm('websocket/compact/kept>sse/chat/kept/full/process@besideUsers=2,heartbeatMs=1000,besideCpu=75,auth=message').id).toBe(
      'websocket/compact/kept>sse/chat/kept/full/process@auth=message,heartbeatMs=1000,besideCpu=75,besideUsers=2',
    );
  });

  it('reads back every arm that it writes', () => {
    const legs = VALID_LEGS.filter((leg) => leg.transport !== 'memory');
    fc.assert(
      fc.property(
        fc.constantFrom(...legs),
        fc.constantFrom(...legs),
        fc.constantFrom(...EXECUTIONS),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 95 }),
        fc.uniqueArray(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 3 }),
        (client, upstream, execution, tokensPerChunk, tls, besideCpu, times) => {
          const rttMs = roundTripsCondition(times);
          const conditions = { ...DEFAULT_CONDITIONS, tls, rttMs, tokensPerChunk, besideCpu, besideUsers: 6 };
          const id = formatArm({ kind: 'gateway', client, upstream, history: 'full', execution, conditions });
          expect(arm(id)).toMatchObject({ id, client, upstream, execution, conditions });
        },
      ),
    );
  });

  it.each([
    ['binary over SSE', 'sse/binary/kept>sse/chat/kept/full/inline', 'binary over sse is not possible'],
    ['multiplexed over http', 'http/chat/multiplexed>sse/chat/kept/full/inline', 'multiplexed connections over http are not possible'],
    ['delta with chat', 'sse/chat/kept>sse/chat/kept/delta/inline', 'delta history over chat is not possible'],
    ['memory', 'memory/chat/kept>sse/chat/kept/full/inline', 'memory joins two ends of one process'],
    ['an unknown condition', 'sse/chat/kept>sse/chat/kept/full/inline@speed=1', 'no condition is called "speed"'],
    ['an unknown kind of auth', `${BINARY}@auth=jwt`, 'condition auth cannot be "jwt"'],
    ['signed messages over SSE', `${SSE}@auth=message`, 'auth=message needs a client leg of JSON messages over websocket'],
    ['signed messages in binary', `${BINARY}@auth=message`, 'auth=message needs a client leg of JSON messages over websocket'],
    ['heartbeats over SSE', `${SSE}@auth=bearer,heartbeatMs=1000`, 'heartbeatMs needs a client leg over websocket'],
    ['heartbeats without a token', `${BINARY}@heartbeatMs=1000`, 'heartbeatMs needs auth=bearer or auth=message'],
    ['work of nobody', `${SSE}@besideCpu=25`, 'besideCpu needs besideUsers'],
    ['nothing but work beside', `${SSE}@besideCpu=100,besideUsers=1`, 'condition besideCpu cannot be "100"'],
    ['security of a hand-written relay', 'bare/sse@auth=bearer', 'auth needs the gateway'],
    ['a load beside no gateway', 'direct/sse/chat/kept@besideUsers=2', 'besideUsers needs the gateway'],
    ['telemetry of a hand-written relay', 'bare/sse@telemetry=metrics', 'telemetry needs the gateway'],
    ['telemetry of no known kind', `${SSE}@telemetry=on`, 'condition telemetry cannot be "on"'],
    ['a link of another generator', 'autocannon/http/chat/kept@rttMs=20', 'rttMs needs our own generator'],
    ['a round-trip time twice', `${SSE}@rttMs=20+20`, 'condition rttMs cannot be "20+20"'],
    ['a round trip without end', `${SSE}@rttMs=10001`, 'condition rttMs cannot be "10001"'],
    ['a round-trip time that is none', `${SSE}@rttMs=20+`, 'condition rttMs cannot be "20+"'],
    ['users that links cannot share', `${SSE}@rttMs=0+20+80,users=200`, 'users=200 is no multiple of the 3 round-trip times'],
    ['users beside that links cannot share', `${SSE}@rttMs=0+20,besideUsers=3`, 'besideUsers=3 is no multiple of the 2 round-trip times'],
  ])('refuses %s by name', (_what, id, problem) => {
    const result = parseArm(id);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.problems.join('\n')).toContain(problem);
  });

  it('lists all problems at once', () => {
    const result = parseArm('htp/chat/kept>sse/chatt/kept/full/inlin@flushMs=x');
    expect(result.ok ? [] : result.problems).toHaveLength(4);
    const conditions = parseArm(`${SSE}@auth=message,heartbeatMs=10,besideCpu=5`);
    expect(conditions.ok ? [] : conditions.problems).toHaveLength(3);
    const bare = parseArm('bare/sse@auth=bearer,heartbeatMs=10,besideUsers=5');
    expect(bare.ok ? [] : bare.problems).toHaveLength(3);
  });

  it('names legs as ids do', () => {
    expect(formatLeg({ transport: 'sse-h2', envelope: 'compact', connection: 'multiplexed' })).toBe('sse-h2/compact/multiplexed');
  });
});

describe('round-trip times', () => {
  it('stand in an id in ascending order, after TLS, and not at all where there is no link', () => {
    expect(arm(`${SSE}@rttMs=80+0+20,tls=true`).id).toBe(`${SSE}@tls=true,rttMs=0+20+80`);
    expect(arm(`${SSE}@rttMs=20.50`).id).toBe(`${SSE}@rttMs=20.5`);
    expect(arm(`${SSE}@rttMs=0`).id).toBe(SSE);
    expect(arm('direct/sse/chat/kept@rttMs=0+20').id).toBe('direct/sse/chat/kept@rttMs=0+20');
    expect(arm('bare/sse@rttMs=80').conditions.rttMs).toBe(80);
  });

  it('of a mix are told apart into arms of their own', () => {
    const mix = withRoundTrips(arm(`${SSE}@tls=true`), [80, 0, 20]);
    expect(mix).toEqual(arm(`${SSE}@tls=true,rttMs=0+20+80`));
    expect(roundTripsOf(mix.conditions)).toEqual([0, 20, 80]);
    expect(partsOf(mix)).toEqual([`${SSE}@tls=true`, `${SSE}@tls=true,rttMs=20`, `${SSE}@tls=true,rttMs=80`].map(arm));
    expect(partsOf(arm(`${SSE}@rttMs=20`))).toEqual([]);
    expect(withRoundTrips(mix, [20])).toEqual(arm(`${SSE}@tls=true,rttMs=20`));
  });

  it('are read as lists of distinct numbers, or not at all', () => {
    expect(readRoundTrips('0,20,80', ',')).toEqual([0, 20, 80]);
    expect(readRoundTrips('20', ',')).toEqual([20]);
    for (const text of ['', '0,', '0,x', '20,20', '-1', '1,2,3,4,5,6,7,8,9', '0+20'])
      expect(readRoundTrips(text, ','), text).toBeUndefined();
  });
});
