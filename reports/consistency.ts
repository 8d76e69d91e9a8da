/**
 * What must hold in a report and a schema cannot say: sums that add up, bounds in order, references that lead
 * somewhere, and a reason wherever nothing could be decided.
 */
import type { Claim, Report, Scenario, Timeline, Turns } from './report.ts';

/** @returns one sentence for each contradiction, with where it stands; none for a report that is sound. */
export function contradictions(report: Report): string[] {
  return [
    ...report.scenarios.flatMap((scenario) => ofScenario(scenario)),
    ...report.claims.flatMap((claim) => ofClaim(claim)),
    ...repeated(
      report.scenarios.map(({ name }) => name),
      'scenario',
    ),
    ...intervals(report, ''),
  ];
}

function ofScenario(scenario: Scenario): string[] {
  const problems: string[] = [];
  const where = `scenario "${scenario.name}"`;
  const ids = new Set(scenario.arms.map(({ id }) => id));
  problems.push(
    ...repeated(
      scenario.arms.map(({ id }) => id),
      `${where}: arm`,
    ),
  );
  for (const { id, turns, timeline } of scenario.arms) {
    const ended = outcomes(turns);
    if (ended !== turns.offered) problems.push(`${where}, arm "${id}": ${turns.offered} turns were offered and ${ended} ended`);
    if (timeline && !isEven(timeline)) problems.push(`${where}, arm "${id}": the columns of its timeline are not of one length`);
  }
  for (const { baseline, candidate, measure, verdict, reason } of scenario.comparisons) {
    for (const id of [baseline, candidate]) {
      if (!ids.has(id)) problems.push(`${where}: a comparison of ${measure} names the arm "${id}", which is not there`);
    }
    if (verdict === 'inconclusive' && !reason) problems.push(`${where}: a comparison of ${measure} is inconclusive without a reason`);
  }
  return problems;
}

function isEven({ offeredPerSecond, completedPerSecond, refusedPerSecond, turnMs }: Timeline): boolean {
  return new Set([offeredPerSecond, completedPerSecond, refusedPerSecond, turnMs].map(({ length }) => length)).size === 1;
}

function ofClaim({ measure, headline, readings, verdict }: Claim): string[] {
  const deciding = readings.find((reading) => reading.measure === headline.measure && reading.condition === headline.condition);
  if (!deciding) {
    return verdict === 'inconclusive' ? [] : [`claim "${measure}": "${verdict}" without the headline reading`];
  }
  return deciding.verdict === verdict ? [] : [`claim "${measure}" is "${verdict}", its headline reading "${deciding.verdict}"`];
}

function outcomes({ completed, failed, cancelled, timedOut, refused, dropped }: Turns): number {
  return completed + failed + cancelled + timedOut + refused + dropped;
}

function repeated(names: readonly string[], what: string): string[] {
  return names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${what} "${name}" stands twice`);
}

/** Every interval anywhere (free-form parameters and details apart) runs from its lower bound to its upper. */
function intervals(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => intervals(item, `${path}/${index}`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const here = `${path}/${key}`;
    if (key === 'parameters' || key === 'details') return [];
    if (key === 'interval') return backwards(child, here);
    if (key === 'quantileIntervals')
      return Object.entries(child ?? {}).flatMap(([name, interval]) => backwards(interval, `${here}/${name}`));
    return intervals(child, here);
  });
}

function backwards(interval: unknown, path: string): string[] {
  if (!Array.isArray(interval) || !(interval[0] > interval[1])) return [];
  return [`${path} runs from ${interval[0]} down to ${interval[1]}`];
}
