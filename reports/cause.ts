/**
 * From a time that grew to the phase that it grew in: two arms' splits, held against each other. Each phase of both is
 * a mean of its own, so what they differ by adds up to what the turns differ by; the phase with the most of it is named
 * as the cause, if it alone is at least half.
 */
import { lettersOf } from './arms.ts';
import { quantity, signed } from './format.ts';
import { phaseTitle } from './phases.ts';
import type { Arm, PhaseSplit, Scenario } from './report.ts';
import { AMONG } from './splits.ts';

export interface Change {
  phase: string;
  /** Candidate − baseline. */
  ms: number;
}

export interface WhatChanged {
  /** Of the whole turn. */
  ms: number;
  /** All phases of either, and the residual; the one that moved most first. */
  changes: readonly Change[];
  /** The phase that alone makes half of the change or more, and in its direction; `undefined` where none does. */
  cause: Change | undefined;
}

const CAUSE_SHARE_MIN = 0.5;

export function whatChanged(baseline: PhaseSplit, candidate: PhaseSplit): WhatChanged {
  const [before, after] = [valuesOf(baseline), valuesOf(candidate)];
  const changes = [...new Set([...before.keys(), ...after.keys()])]
    .map((phase) => ({ phase, ms: (after.get(phase) ?? 0) - (before.get(phase) ?? 0) }))
    .sort((a, b) => Math.abs(b.ms) - Math.abs(a.ms));
  const ms = changes.reduce((sum, change) => sum + change.ms, 0);
  const [most] = changes;
  const isCause = most && most.phase !== 'residual' && ms !== 0 && most.ms / ms >= CAUSE_SHARE_MIN;
  return { ms, changes, cause: isCause ? most : undefined };
}

function valuesOf({ meanMs, residualMs }: PhaseSplit): Map<string, number> {
  return new Map([...Object.entries(meanMs), ['residual', residualMs]]);
}

/** Less is not worth a sentence: what machines differ by from one minute to the next. */
const TOLD_MS_MIN = 0.2;
const TOLD_SHARE_MIN = 0.02;

/** Of each compared pair with splits among the same turns: `C ÷ A, above p99: +48 ms, most of it queue wait (+50 ms)`. */
export function causeLines({ comparisons, arms }: Scenario, shown: readonly Arm[] = arms): string[] {
  const letters = lettersOf({ arms });
  const pairs = new Map(comparisons.map(({ baseline, candidate }) => [`${candidate} ÷ ${baseline}`, { baseline, candidate }]));
  return [...pairs.values()].flatMap(({ baseline, candidate }) => {
    const [before, after] = [baseline, candidate].map((id) => shown.find((arm) => arm.id === id)?.phases ?? []);
    return (after ?? []).flatMap((split) => {
      const same = before?.find(({ among }) => among === split.among);
      if (!same || split.among === 'all') return [];
      const text = changeText(whatChanged(same, split), same);
      return text === undefined ? [] : [`${letters.get(candidate)} ÷ ${letters.get(baseline)}, ${AMONG[split.among]}: ${text}`];
    });
  });
}

function changeText({ ms, cause, changes }: WhatChanged, { meanMs }: PhaseSplit): string | undefined {
  const wholeMs = Object.values(meanMs).reduce((sum, value) => sum + value, 0);
  if (Math.abs(ms) < Math.max(TOLD_MS_MIN, TOLD_SHARE_MIN * wholeMs)) return undefined;
  const told = ({ phase, ms: by }: Change) => `${phaseTitle(phase)} (${signed(by, null, 'ms')})`;
  const most = cause ? `most of it ${told(cause)}` : `in several phases: ${changes.slice(0, 3).map(told).join(', ')}`;
  return `${signed(ms, null, 'ms')} a turn, ${most}.`;
}

/** Of the turns of each split, what the model took by its own record: the two phases that wait for it confirm it, or do not. */
export function modelLines({ arms }: Scenario, shown: readonly Arm[] = arms): string[] {
  const letters = lettersOf({ arms });
  return shown.flatMap(({ id, phases = [] }) =>
    phases.flatMap(({ among, meanMs, modelMs }) => {
      if (modelMs == null || among === 'all') return [];
      const waitedMs = (meanMs.upstreamFirstToken ?? 0) + (meanMs.upstreamStreaming ?? 0);
      const record = `by its own record the model took ${quantity(modelMs, 'ms')}`;
      return [`${letters.get(id)}, ${AMONG[among]}: the gateway waited ${quantity(waitedMs, 'ms')} for the model; ${record}.`];
    }),
  );
}
