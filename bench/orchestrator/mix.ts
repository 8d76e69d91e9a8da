/**
 * Tells a trial apart by the round-trip times that it mixed: what its sessions had of their own over each link. What they
 * shared (the gateway's processor and main thread, the generator) is the mix's alone, and stands with it.
 */
import type { Arm } from '../arms.ts';
import type { Observation } from './observation.ts';

/** @param part the arm of the mix's round-trip time with this index; see `partsOf`. */
export function partOf(whole: Observation, part: Arm, index: number): Observation {
  const { result, ledger } = whole;
  const link = result.links?.[index];
  const times = ledger.links[index];
  const paths = whole.paths?.[index];
  if (!link || !times) throw new Error(`trial ${result.id} of ${whole.arm} was not told apart by its links`);
  const { turns, codes, histograms, totals } = link;
  const { links: _links, beside: _beside, ...common } = result;
  return {
    scenario: whole.scenario,
    arm: part.id,
    launch: whole.launch,
    result: { ...common, turns, codes, histograms, totals, series: [] },
    ledger: { ...times, mockLateness: ledger.mockLateness, window: ledger.window, counts: undefined, links: [times] },
    cpu: undefined,
    window: undefined,
    ...(paths ? { paths: [paths] } : {}),
    reasons: whole.reasons,
  };
}
