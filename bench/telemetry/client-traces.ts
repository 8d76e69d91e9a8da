/**
 * The generator's own spans of the turns that it has traced: kept while the trial runs, since writing would disturb it,
 * and written when it is over, a line of OTLP JSON each. The gateway's spans of these turns hang under them and come
 * from the gateway. Bounded; what finds no room is counted as lost.
 */
import { writeFileSync } from 'node:fs';
import { otlpLine, type SpanOrigin, type TraceSpan, wallOffsetNs } from '../../dashboards/live/otlp-json.ts';
import { ATTRIBUTES as A, OPERATION, turnSpanName } from '../../dashboards/live/span-names.ts';
import { nowNs } from '../../transports/clock.ts';
import type { ArrivalRow } from '../ledger/rows.ts';
import { type Tracing, turnContext } from './turn-ids.ts';

export type TracedTurn = Pick<ArrivalRow, 'key' | 'intendedNs' | 'startedNs' | 'endedNs' | 'outcome'> & {
  agent?: string | undefined;
  /** Error or refusal code. */
  code?: string | undefined;
};

/** About 300 bytes each. */
const SPANS_MAX = 200_000;

export class ClientTraces {
  /** Turns that were sent with the flag set, and of these the ones whose span found no room. */
  sampled = 0;
  lost = 0;
  readonly #tracing: Tracing;
  readonly #spansMax: number;
  readonly #turns: TracedTurn[] = [];

  constructor(tracing: Tracing, spansMax = SPANS_MAX) {
    this.#tracing = tracing;
    this.#spansMax = spansMax;
  }

  /** Of a traced turn, when its outcome is known. */
  ended(turn: TracedTurn): void {
    this.sampled += 1;
    if (this.#turns.length >= this.#spansMax) this.lost += 1;
    else this.#turns.push(turn);
  }

  save(path: string, version: string): void {
    const origin: SpanOrigin = {
      resource: { [A.serviceName]: 'gatebench-generator', [A.serviceVersion]: version, [A.processId]: process.pid },
      scope: { name: 'gatebench', version },
      wallOffsetNs: wallOffsetNs(nowNs()),
    };
    writeFileSync(path, this.#turns.map((turn) => otlpLine([clientSpan(turn, this.#tracing)], origin)).join(''));
  }
}

/** From the intended start, as all latencies of the turn. */
export function clientSpan(turn: TracedTurn, tracing: Tracing): TraceSpan {
  const { key, intendedNs, startedNs, endedNs, agent, code, outcome } = turn;
  const { traceId, spanId } = turnContext(key, tracing);
  return {
    traceId,
    spanId,
    name: turnSpanName(agent),
    kind: 'client',
    startNs: intendedNs,
    endNs: Math.max(intendedNs, endedNs),
    attributes: {
      [A.operation]: OPERATION,
      [A.turn]: key,
      [A.outcome]: outcome,
      [A.latenessMs]: (startedNs - intendedNs) / 1e6,
      ...(agent === undefined ? {} : { [A.agent]: agent }),
      ...(code === undefined ? {} : { [A.errorType]: code }),
    },
    ...(outcome === 'completed' || outcome === 'cancelled' ? {} : { error: code ?? outcome }),
  };
}
