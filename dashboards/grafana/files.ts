/** The files that are generated here, and what belongs into them. Written by `make dashboards`, held by a test. */
import { RULE_FILES } from '../prometheus/rules.ts';
import { COMPARE } from './compare.ts';
import { assemble } from './frame.ts';
import { GATEWAY } from './gateway.ts';
import { TUNING } from './tuning.ts';

export const FRAMES = [GATEWAY, COMPARE, TUNING];

/** Text by path, from the folder of dashboards. */
export function generatedFiles(): Record<string, string> {
  const dashboards = FRAMES.map((frame) => [`grafana/${frame.name}.json`, `${JSON.stringify(assemble(frame), null, 2)}\n`] as const);
  return { ...Object.fromEntries(dashboards), ...RULE_FILES };
}
