/**
 * Every offered turn ends in exactly one outcome. A harness that loses turns loses the slow ones first, so counts
 * that do not add up make a result an error, not a smaller result.
 */
import type { TurnCounts } from '../trial.ts';

const ENDS = ['completed', 'failed', 'cancelled', 'timedOut', 'refused', 'dropped'] as const satisfies readonly (keyof TurnCounts)[];

export type Accounts = { ok: true } | { ok: false; message: string };

export function checkCounts(counts: TurnCounts): Accounts {
  for (const key of ['offered', ...ENDS] as const) {
    const count = counts[key];
    if (!Number.isSafeInteger(count) || count < 0) return { ok: false, message: `${key} is ${count}, not a count` };
  }
  const ended = ENDS.reduce((sum, key) => sum + counts[key], 0);
  if (ended === counts.offered) return { ok: true };
  const parts = ENDS.map((key) => `${key} ${counts[key]}`).join(', ');
  return { ok: false, message: `${counts.offered} turns were offered and ${ended} ended (${parts})` };
}

export function addCounts(list: Iterable<TurnCounts>): TurnCounts {
  const sum: TurnCounts = { offered: 0, completed: 0, failed: 0, cancelled: 0, timedOut: 0, refused: 0, dropped: 0 };
  for (const counts of list) {
    for (const key of ['offered', ...ENDS] as const) sum[key] += counts[key];
  }
  return sum;
}

/** Adds up how often each code ended a turn. */
export function addCodes(list: Iterable<Readonly<Record<string, number>>>): Record<string, number> {
  const sum = new Map<string, number>();
  for (const codes of list) {
    for (const [code, count] of Object.entries(codes)) sum.set(code, (sum.get(code) ?? 0) + count);
  }
  return Object.fromEntries(sum);
}
