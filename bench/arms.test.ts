import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VALID_LEGS } from '../transports/testing/legs.ts';
import { arm, formatArm, formatLeg, parseArm } from './arms.ts';

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
  });

  it('reads back every arm that it writes', () => {
    const legs = VALID_LEGS.filter((leg) => leg.transport !== 'memory');
    fc.assert(
      fc.property(
        fc.constantFrom(...legs),
        fc.constantFrom(...legs),
        fc.constantFrom('inline', 'thread'),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        (client, upstream, execution, tokensPerChunk, tls) => {
          const id = formatArm({
            kind: 'gateway',
            client,
            upstream,
            history: 'full',
            execution: execution as 'inline',
            conditions: {
              tls,
              tokensPerChunk,
              arrivals: 'independent',
              flushMs: 0,
              compression: false,
              streamsPerConnection: 16,
              users: 0,
            },
          });
          expect(arm(id)).toMatchObject({ id, client, upstream, execution });
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
  ])('refuses %s by name', (_what, id, problem) => {
    const result = parseArm(id);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.problems.join('\n')).toContain(problem);
  });

  it('lists all problems at once', () => {
    const result = parseArm('htp/chat/kept>sse/chatt/kept/full/inlin@flushMs=x');
    expect(result.ok ? [] : result.problems).toHaveLength(4);
  });

  it('names legs as ids do', () => {
    expect(formatLeg({ transport: 'sse-h2', envelope: 'compact', connection: 'multiplexed' })).toBe('sse-h2/compact/multiplexed');
  });
});
