/**
 * What came of an arm's traces: turns that were sent as traced, and spans that were lost on their way, the generator's
 * of the whole trial and the gateway's of the measured window. One lost span voids them all: which traces are whole can
 * then not be told from the traces.
 */
import type { ArmTraces } from '../../reports/report.ts';
import type { Observation } from './observation.ts';

type Traced = Pick<Observation, 'result' | 'window'>;

/** `undefined` where no turn was to be traced. */
export function tracesOf(trials: readonly Traced[]): ArmTraces | undefined {
  const own = trials.flatMap(({ result }) => result.traces ?? []);
  if (own.length === 0) return undefined;
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    sampled: sum(own.map(({ sampled }) => sampled)),
    lost: sum(own.map(({ lost }) => lost)) + sum(trials.map(({ window }) => window?.spans?.lost ?? 0)),
  };
}

/** For the arm's notes. */
export function traceNotes(traces: ArmTraces | undefined): string[] {
  if (!traces || traces.lost === 0) return [];
  const { lost, sampled } = traces;
  return [`The traces of this arm are void: ${lost} ${lost === 1 ? 'span was' : 'spans were'} lost, of ${sampled} traced turns.`];
}
