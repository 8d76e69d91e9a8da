/** Records of turns, as they come out of the gateway's chain, for tests of what observes them. */
import type { TurnRecord, TurnStamps } from '../turn-record.ts';

const MS = 1e6;

/** A turn of 100 ms, sampled, with a parent; its phases leave nothing over. */
export function recordOf(number: number, over: Partial<TurnRecord> = {}): TurnRecord {
  const traceId = (number + 1).toString(16).padStart(32, '0');
  const at = number * 1_000 * MS + 1e12;
  const stamps: TurnStamps = {
    readNs: at,
    admittedNs: at + 2 * MS,
    queuedNs: at + 2 * MS,
    dispatchedNs: at + 5 * MS,
    agentStartedNs: at + 6 * MS,
    upstreamSentNs: at + 10 * MS,
    upstreamFirstNs: at + 60 * MS,
    upstreamLastNs: at + 95 * MS,
    lastPushedNs: at + 96 * MS,
    endedNs: at + 100 * MS,
  };
  return {
    turn: {
      key: `t${number}`,
      model: 'm',
      input: [],
      session: 's',
      want: { phases: false },
      arrival: { transport: 'sse', envelope: 'chat', connection: 7, requestBytes: 321, readAtNs: at },
    },
    agent: 'codex',
    execution: 'thread',
    unit: 'agent-1',
    outcome: { kind: 'completed', finish: 'stop' },
    usage: { inputTokens: 3, outputTokens: 20 },
    textEvents: 20,
    stamps,
    phases: { admission: 2, queue: 3, dispatch: 2, agent: 5, upstreamFirstToken: 50, upstreamStreaming: 30, serialise: 3, backPressure: 5 },
    traceparent: `00-${traceId}-00000000000000aa-01`,
    sampled: true,
    span: { traceId, spanId: (number + 1).toString(16).padStart(16, '0'), sampled: true },
    ...over,
  };
}
