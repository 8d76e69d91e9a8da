/** The model names that make the mock LLM behave as a scenario and an arm want; it reads them back in `upstream/model.ts`. */
import type { Arm } from '../arms.ts';
import type { ModelSpec } from '../scenario.ts';

export function modelName(model: ModelSpec, { conditions }: Pick<Arm, 'conditions'>): string {
  const settings = settingsOf(model);
  if (conditions.tokensPerChunk !== 1) settings.push(`chunk=${conditions.tokensPerChunk}`);
  if (conditions.arrivals !== 'independent') settings.push(`arrivals=${conditions.arrivals}`);
  return nameOf(model, settings);
}

/** Whatever the conditions of the arm: for turns that are not what is compared. */
export function profileName(model: ModelSpec): string {
  return nameOf(model, settingsOf(model));
}

function settingsOf({ ttftMs, tpotMs, jitter, stalls, computeMs }: ModelSpec): string[] {
  const settings: string[] = [];
  if (ttftMs !== undefined) settings.push(`ttftMs=${ttftMs}`);
  if (tpotMs !== undefined) settings.push(`tpotMs=${tpotMs}`);
  if (jitter !== undefined) settings.push(`jitter=${jitter}`);
  if (stalls !== undefined) settings.push(`stalls=${stalls}`);
  if (computeMs !== undefined) settings.push('tool=compute', `toolMs=${computeMs}`, `toolBlockMs=${computeMs}`, 'tools=1', 'toolRounds=1');
  return settings;
}

function nameOf({ profile }: ModelSpec, settings: readonly string[]): string {
  return settings.length === 0 ? profile : `${profile}@${settings.join(',')}`;
}
