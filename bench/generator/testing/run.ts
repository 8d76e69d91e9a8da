/** One short trial against a server that is already there. */

import type { ClientOptions } from '../../../transports/wire.ts';
import { SPEC } from '../../driver/testing/trials.ts';
import { Spinning } from '../../driver/waiting.ts';
import type { TrialResult, TrialSpec } from '../../trial.ts';
import { runTrial } from '../trial.ts';

/** Of turns that are due within 200 ms, unless `rest` says otherwise. */
export function specOver(leg: ClientOptions['leg'], port: number, rest: Partial<TrialSpec>): TrialSpec {
  return { ...SPEC, client: { leg, host: '127.0.0.1', port }, measureMs: 200, ...rest };
}

export async function resultOf(spec: TrialSpec): Promise<TrialResult> {
  const end = await runTrial(spec, {
    waiting: new Spinning(),
    inputText: (seed, tokens) => `${seed} ${tokens}`,
    onWindow() {},
    signal: new AbortController().signal,
  });
  if (!end.ok) throw new Error(end.message);
  return end.result;
}
