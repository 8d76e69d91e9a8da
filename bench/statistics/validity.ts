/**
 * Whether a trial may be believed, judged before its result is looked at.
 *
 * A load generator that falls behind, a mock LLM that is late, a machine that slows down in the middle: each makes
 * numbers that look like the gateway's. A trial with such a reason is run again once, then excluded and counted.
 */

/** What the instrument knows of itself after a trial. `null`: it could not be measured, which is a reason too. */
export interface TrialFacts {
  /** Of the generator: actual start − intended start. */
  latenessP99Ms: number | null;
  /** Of the mock LLM: how late it sent its tokens. */
  mockLatenessP99Ms: number | null;
  /** Of the emulated links: how late they delivered; `null` where the client leg goes over none. */
  links: { latenessP99Ms: number | null } | null;
  /** Some of generator, mock and links run on one core. */
  coreShared: boolean;
  /** Turns a second; `null` for closed loads, which offer no rate. */
  rate: { offered: number; achieved: number } | null;
  /** CPU time of the generator ÷ wall time. */
  generatorCores: number;
  /**
   * Of the gateway's cores over the window: what others than the gateway used of them, and what a host took away.
   * `null` where it has no cores to itself, or the system does not say.
   */
  gatewayCores: { strangersShare: number; stolenShare: number } | null;
  inFlightPeak: number;
  inFlightMax: number;
  turns: { offered: number; completed: number; dropped: number };
  /** Of the load beside the measured one; `null` where there is none. */
  beside: { offered: number; completed: number } | null;
  /** The same fixed piece of work, timed before and after; `null` where it does not run. */
  canaryMs: { before: number; after: number } | null;
}

export const VALIDITY_LIMITS = Object.freeze({
  latenessMs: 2,
  latenessCoreSharedMs: 5,
  achievedShareMin: 0.99,
  generatorCoresMax: 0.7,
  /** Other gateways that wait and the orchestrator come to as much as 11 %, by the kernel’s ticks. */
  strangersShareMax: 0.2,
  stolenShareMax: 0.05,
  /** Canary after ÷ before, either way round. */
  canaryChangeMax: 1.25,
  excludedShareMax: 0.2,
});
export type ValidityLimits = Readonly<Record<keyof typeof VALIDITY_LIMITS, number>>;

/** @returns the reasons not to believe the trial, in words; none when it is valid. */
export function judgeTrial(facts: TrialFacts, limits: ValidityLimits = VALIDITY_LIMITS): string[] {
  const reasons: string[] = [];
  const latenessMax = facts.coreShared ? limits.latenessCoreSharedMs : limits.latenessMs;
  const late = (whose: string, latenessMs: number | null) => {
    if (latenessMs === null) reasons.push(`${whose} lateness is not known`);
    else if (!(latenessMs <= latenessMax)) reasons.push(`${whose} lateness p99 ${ms(latenessMs)} is above ${ms(latenessMax)}`);
  };

  if (facts.turns.offered === 0) return ['no turn was due in the window'];
  if (facts.turns.completed === 0) reasons.push('no turn completed');
  if (facts.beside !== null && facts.beside.completed < facts.beside.offered) {
    reasons.push(`${facts.beside.offered - facts.beside.completed} of the ${facts.beside.offered} turns beside did not complete`);
  } else if (facts.beside?.offered === 0) reasons.push('no turn beside was due in the window');
  late('generator', facts.latenessP99Ms);
  late('mock LLM', facts.mockLatenessP99Ms);
  if (facts.links !== null) late('emulated link', facts.links.latenessP99Ms);
  if (facts.rate !== null && !(facts.rate.achieved >= limits.achievedShareMin * facts.rate.offered)) {
    const share = ((100 * facts.rate.achieved) / facts.rate.offered).toFixed(1);
    reasons.push(`achieved ${share} % of the offered rate, less than ${limits.achievedShareMin * 100} %`);
  }
  if (!(facts.generatorCores <= limits.generatorCoresMax)) {
    reasons.push(`generator used ${Math.round(facts.generatorCores * 100)} % of a core, more than ${limits.generatorCoresMax * 100} %`);
  }
  if (facts.gatewayCores !== null) {
    const { strangersShare, stolenShare } = facts.gatewayCores;
    const more = (share: number, whose: string, most: number) => {
      if (!(share <= most)) reasons.push(`${whose} ${Math.round(share * 100)} % of the gateway's cores, more than ${most * 100} %`);
    };
    more(strangersShare, 'other processes used', limits.strangersShareMax);
    more(stolenShare, "the machine's host took", limits.stolenShareMax);
  }
  if (facts.inFlightPeak >= facts.inFlightMax || facts.turns.dropped > 0) {
    reasons.push(`in-flight cap of ${facts.inFlightMax} was hit, ${facts.turns.dropped} turns dropped`);
  }
  if (facts.canaryMs !== null) {
    const change = facts.canaryMs.after / facts.canaryMs.before;
    if (!(Math.max(change, 1 / change) <= limits.canaryChangeMax)) {
      reasons.push(`the machine's speed changed by a factor of ${change.toFixed(2)} during the trial`);
    }
  }
  return reasons;
}

/** More than a fifth left out: what remains is a selection. */
export function tooManyExcluded(excluded: number, trials: number): boolean {
  return trials === 0 || excluded / trials > VALIDITY_LIMITS.excludedShareMax;
}

export interface ArmValidity {
  ok: boolean;
  excluded: number;
  trials: number;
  reasons: string[];
}

/**
 * An arm's validity from its trials', each with the reasons that stood after its retry.
 * Reasons that differ only in their numbers are counted together, under the first one's wording.
 */
export function armValidity(reasonsOfTrials: readonly (readonly string[])[]): ArmValidity {
  const kinds = new Map<string, { first: string; count: number }>();
  for (const reason of reasonsOfTrials.flat()) {
    const kind = reason.replace(/\d+(\.\d+)?/g, '#');
    const seen = kinds.get(kind);
    if (seen) seen.count += 1;
    else kinds.set(kind, { first: reason, count: 1 });
  }
  const excluded = reasonsOfTrials.filter((reasons) => reasons.length > 0).length;
  const trials = reasonsOfTrials.length;
  const reasons = [...kinds.values()].map(({ first, count }) => (count === 1 ? first : `${first} (and ${count - 1} more like it)`));
  if (trials === 0) reasons.push('no trial was run');
  return { ok: !tooManyExcluded(excluded, trials), excluded, trials, reasons };
}

function ms(value: number): string {
  return `${Number(value.toPrecision(3))} ms`;
}
