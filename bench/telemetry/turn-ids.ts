/**
 * Which turns the generator has traced, and the ids of their spans: both follow from the turn's key, so that whoever
 * knows a key (the generator, the ledger's join, a report) knows them too, and nobody has to keep them.
 *
 * Whether a turn is traced depends on the seed and the turn alone, so that all arms have the same turns traced; its ids
 * depend on the run too, so that the traces of two runs may stand in one store.
 */
import { hash } from 'node:crypto';
import type { TraceContext } from '../../transports/traceparent.ts';
import { drawKeyOf } from '../ledger/rows.ts';

export interface Tracing {
  /** Share of the turns that are traced, 0 to 1. */
  readonly traceRatio: number;
  /** Names the run, a different one each time, and the arm: all arms are offered turns of the same keys. */
  readonly run: string;
}

export function isTraced(key: string, { traceRatio }: Tracing): boolean {
  if (traceRatio <= 0) return false;
  if (traceRatio >= 1) return true;
  return Number.parseInt(digest(`traced ${drawKeyOf(key)}`).slice(0, 12), 16) < traceRatio * 2 ** 48;
}

/** The client's span. Also of a turn that was not traced, for one that is traced after the fact: the slowest, the failed. */
export function turnContext(key: string, tracing: Tracing): TraceContext {
  const digits = digest(`ids ${tracing.run} ${key}`);
  return { traceId: digits.slice(0, 32), spanId: digits.slice(32, 48), sampled: isTraced(key, tracing) };
}

/** Of the other spans of such a turn, one after the other. */
export function spanIds(key: string, { run }: Tracing): () => string {
  let number = 0;
  return () => {
    number += 1;
    return digest(`span ${number} ${run} ${key}`).slice(0, 16);
  };
}

/** Hex, 64 digits. That some of them are all zeros is as likely as two keys with one hash. */
function digest(text: string): string {
  return hash('sha256', text, 'hex');
}
