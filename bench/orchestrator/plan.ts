/** What a run does: of each scenario the arms that can run here, their round-trip times, how long and how often. */
import type { JsonValue, NotRun } from '../../reports/report.ts';
import { type Arm, arm, goesOverLinks, withRoundTrips } from '../arms.ts';
import type { BenchOptions } from '../command/options.ts';
import { isLinked, roundTripsOf } from '../conditions.ts';
import type { LadderSpec, Scenario } from '../scenario.ts';
import type { Planned } from './launch-context.ts';

export interface Plans {
  planned: readonly Planned[];
  /** By scenario. */
  notRun: ReadonlyMap<string, readonly NotRun[]>;
}

const REASONS = {
  quick: 'the quick run leaves it out; --full measures it',
  chosen: 'this run has arms or round-trip times of its own',
  noTls: 'there is no openssl to make a certificate with',
} as const;

/** Why a cell of the published claims' grid is not run. */
export function reasonsOf({ arms, roundTripsMs, depth }: BenchOptions, tls: boolean): (cell: { tls: boolean }) => string {
  return (cell) => {
    if (cell.tls && !tls) return REASONS.noTls;
    return arms || roundTripsMs || depth === 'full' ? REASONS.chosen : REASONS.quick;
  };
}

/** @param tls whether there is a certificate, without which arms with TLS cannot run. */
export function planRun(scenarios: readonly Scenario[], options: BenchOptions, tls: boolean): Plans {
  const notRun = new Map<string, readonly NotRun[]>();
  const planned = scenarios.map((scenario): Planned => {
    const one = planOf(scenario, options);
    const lost = tls ? [] : one.arms.filter(({ conditions }) => conditions.tls);
    notRun.set(scenario.name, [
      ...lost.map(({ id }) => ({ what: id, reason: REASONS.noTls })),
      // Cells of published claims are listed by their conditions, with the claims.
      ...(scenario.claims ? [] : leftOut(scenario, options)),
      ...otherWayLeftOut(scenario, options),
    ]);
    return { ...one, arms: one.arms.filter((planned) => !lost.includes(planned)) };
  });
  return { planned, notRun };
}

/** All that some arm needs a link of, ascending. */
export function roundTripsOfRun(planned: readonly Planned[]): number[] {
  const linked = planned.flatMap(({ arms }) => arms.filter(({ conditions }) => isLinked(conditions)));
  return [...new Set(linked.flatMap(({ conditions }) => roundTripsOf(conditions)))].sort((a, b) => a - b);
}

export function needsTls(scenarios: readonly Scenario[], options: BenchOptions): boolean {
  return scenarios.some((scenario) => idsOf(scenario, options).some((id) => arm(id).conditions.tls));
}

function idsOf(scenario: Scenario, { arms, depth }: BenchOptions): readonly string[] {
  return arms ?? [...scenario.arms, ...(depth === 'full' ? (scenario.fullArms ?? []) : [])];
}

function planOf(scenario: Scenario, options: BenchOptions): Planned {
  const extent = scenario[options.depth];
  const { roundTripsMs = scenario.roundTripsMs } = options;
  const arms = new Map(idsOf(scenario, options).map((id) => [id, overLinks(arm(id), roundTripsMs)]));
  const renamed = (id: string) => arms.get(id)?.id ?? id;
  const { pairs, ladder, ...rest } = scenario;
  // With arms of the user's choice the first is the baseline of all.
  const kept = options.arms ? {} : { ...(pairs ? { pairs: pairs.map(([a, b]) => [renamed(a), renamed(b)] as const) } : {}) };
  return {
    scenario: {
      ...rest,
      // Probes of a search have loads of all sizes; together their turns are no path of anything.
      ...(options.phases && rest.plan.kind !== 'search' ? { workload: { ...rest.workload, phases: true } } : {}),
      ...kept,
      ...(ladder ? { ladder: renameLadder(ladder, renamed) } : {}),
    },
    // With other round-trip times two arms may become the same one.
    arms: [...new Map([...arms.values()].map((one) => [one.id, one])).values()],
    extent: options.launches === undefined ? extent : { ...extent, launches: options.launches },
  };
}

/** An arm keeps a round-trip time of its own. */
function overLinks(one: Arm, roundTripsMs: readonly number[] | undefined): Arm {
  return roundTripsMs && goesOverLinks(one.kind) && !isLinked(one.conditions) ? withRoundTrips(one, roundTripsMs) : one;
}

function renameLadder({ measures, rungs }: LadderSpec, renamed: (id: string) => string): LadderSpec {
  const both = ({ from, to }: { from: string; to: string }) => ({ from: renamed(from), to: renamed(to) });
  return {
    measures,
    rungs: rungs.map(({ factor, otherWay, ...rung }) => ({ factor, ...both(rung), ...(otherWay ? { otherWay: both(otherWay) } : {}) })),
  };
}

function leftOut(scenario: Scenario, { arms, depth }: BenchOptions): NotRun[] {
  return arms || depth === 'full' ? [] : (scenario.fullArms ?? []).map((what) => ({ what, reason: REASONS.quick }));
}

function otherWayLeftOut({ ladder, fullArms = [] }: Scenario, { arms, depth }: BenchOptions): NotRun[] {
  const walked = ladder?.rungs.some(({ otherWay }) => otherWay && fullArms.includes(otherWay.to));
  return walked && !arms && depth === 'quick' ? [{ what: 'the ladder walked the other way', reason: REASONS.quick }] : [];
}

/** For the report. */
export function parametersOf({ scenario, extent }: Planned, options: BenchOptions): Record<string, JsonValue> {
  const { model, workload, plan, beside, gateway } = scenario;
  return JSON.parse(
    JSON.stringify({
      depth: options.depth,
      ...extent,
      model,
      workload,
      beside,
      gateway,
      load: plan.kind === 'load' ? plan.load : plan,
      roundTripsMs: options.roundTripsMs ?? scenario.roundTripsMs,
      trace: options.trace ?? null,
    }),
  ) as Record<string, JsonValue>;
}
