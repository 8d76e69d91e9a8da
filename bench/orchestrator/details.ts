/** What an expert asks next of an arm, beyond its measures. */
import type { JsonValue } from '../../reports/report.ts';
import type { JoinCounts } from '../ledger/join.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import { type ArmData, owns } from './arm-data.ts';
import type { LinkFacts } from './links.ts';
import { VALUE_MEASURES } from './measures.ts';

/** Values by launch, the ledger's counts, waiting for the processor, the worst stall of the main thread, probes of a search. */
export function detailsOf(data: ArmData): Record<string, JsonValue> {
  const launches = [...data.launches.entries()];
  const details: Record<string, JsonValue> = {};
  for (const [name, measure] of Object.entries(VALUE_MEASURES)) {
    const values = owns(data, name) ? launches.map(([, trials]) => measure.of(trials)) : [];
    if (values.some((value) => value !== null)) details[`${name}ByLaunch`] = values;
  }
  const trials = launches.flatMap(([, list]) => list);
  if (trials.length > 0) {
    const counts = trials.flatMap(({ ledger }) => ledger.counts ?? []);
    if (counts.length > 0) details.ledger = ledgerOf(counts);
    const links = trials.flatMap(({ links: facts }) => facts ?? []);
    if (links.length > 0) details.links = linksOf(links);
    const waits = trials.flatMap(({ cpu }) => (cpu?.waitRatio == null ? [] : [cpu.waitRatio]));
    if (waits.length > 0) details.runQueueWaitRatioMean = waits.reduce((total, wait) => total + wait, 0) / waits.length;
    const rss = trials.flatMap(({ cpu }) => (cpu ? [cpu.rssBytes] : []));
    if (rss.length > 0) details.rssBytesMax = Math.max(...rss);
    const stalls = trials.flatMap(({ window }) => (window ? [window.loopDelayMs.max] : []));
    if (stalls.length > 0) details.loopDelayMsMax = Math.max(...stalls);
    const normal = trials.flatMap(({ overload }) => (overload ? [overload.normalMs] : []));
    if (normal.length > 0) details.turnBeforeOverloadMsByTrial = normal;
  }
  if (data.answers.length > 0) {
    details.search = data.answers.map(({ launch, users, atLeast, probes }) => ({
      launch,
      users,
      atLeast,
      probes: probes.map((probe) => ({ ...probe })),
    }));
  }
  return details;
}

function ledgerOf(counts: readonly JoinCounts[]): JsonValue {
  const counted = (of: (one: JoinCounts) => number) => counts.reduce((total, one) => total + of(one), 0);
  return {
    tokensJoined: counted((one) => one.tokensJoined),
    tokensLost: counted((one) => one.tokensLost),
    turnsWithExtra: counted((one) => one.turnsWithExtra),
    turnsWithoutLedger: counted((one) => one.turnsWithoutLedger),
    callsWithoutTurn: counted((one) => one.callsWithoutTurn),
    negativeStamps: counted((one) => one.negativeStamps),
  };
}

/** The links' own error. */
function linksOf(facts: readonly LinkFacts[]): JsonValue {
  const lateness = LatencyHistogram.merge(facts.map((one) => one.lateness));
  return {
    roundTripsMs: facts[0]!.roundTripsMs,
    deliveries: lateness.count,
    latenessP50Ms: lateness.quantileMs(0.5),
    latenessP99Ms: lateness.quantileMs(0.99),
    latenessMaxMs: lateness.maxMs(),
    connectionsRefused: facts.reduce((total, { refused }) => total + refused, 0),
  };
}
