/** What all renderers say of a published claim in the same words: claimed, measured, judged, and where it would hold. */
import { brief, improvement, quantity, UNKNOWN } from './format.ts';
import { measureLabel, referTo } from './measures.ts';
import type { Claim, ClaimVerdict, Reading, ReadingSide, Region } from './report.ts';

/** Improvements within ± this are none. */
export const CLAIM_MARGIN = 0.05;

export const CLAIM_WORDS: Readonly<Record<ClaimVerdict, string>> = {
  reproduced: 'reproduced',
  partly: 'partly reproduced',
  'not-reproduced': 'not reproduced',
  reversed: 'reversed',
  inconclusive: 'inconclusive',
};

export function headlineOf(claim: Claim): Reading | undefined {
  return claim.readings.find(({ measure, condition }) => measure === claim.headline.measure && condition === claim.headline.condition);
}

/** `850 ms → 320 ms, 62.0 % lower`. */
export function claimedText({ measure, claimed }: Claim): string {
  const change = improvement(claimed.improvement, null, referTo(measure).measure?.direction);
  return `${quantity(claimed.http, claimed.unit)} → ${quantity(claimed.websocket, claimed.unit)}, ${change}`;
}

/** `2.19 % lower [1.71, 2.66]`. */
export function readingText(reading: Reading): string {
  return improvement(reading.improvement, reading.interval, referTo(reading.measure).measure?.direction);
}

/** `2.15 s → 2.10 s (best HTTP 2.10 s)`. */
export function readingValues(reading: Reading): string {
  const best = reading.bestHttp === undefined ? '' : ` (best HTTP ${sideText(reading, 'bestHttp')})`;
  return `${sideText(reading, 'http')} → ${sideText(reading, 'websocket')}${best}`;
}

/** `2.15 s`, `≥ 1,600 streams`. */
export function sideText(reading: Reading, side: ReadingSide): string {
  const text = quantity(reading[side], reading.unit);
  return text !== UNKNOWN && reading.atLeast?.includes(side) ? `≥ ${text}` : text;
}

export function claimSentence(claim: Claim): string {
  const headline = headlineOf(claim);
  const direction = referTo(claim.measure).measure?.direction;
  const measured = headline && headline.improvement !== null ? `measured ${readingText(headline)}` : 'no measured improvement';
  const claimed = improvement(claim.claimed.improvement, null, direction);
  return `Claim on ${measureLabel(claim.measure)}: ${claimed}; ${measured}: ${CLAIM_WORDS[claim.verdict]}.`;
}

/** `round trip 20 ms`. */
export function axisText({ name, unit }: Region['x'], value: number): string {
  return `${name} ${brief(value, '1')}${unit === '' ? '' : ` ${unit}`}`;
}

/** `measured at round trip 20 ms, model time 2,000 ms: 2.19 % lower`. */
export function measuredTexts({ measure, region }: Claim): string[] {
  if (!region) return [];
  const direction = referTo(measure).measure?.direction;
  return region.measured.map(
    ({ x, y, improvement: value }) => `${axisText(region.x, x)}, ${axisText(region.y, y)}: ${improvement(value, null, direction)}`,
  );
}

/** The model and how far off it is. */
export function modelText({ model, errorMax }: Region): string {
  const error =
    errorMax === null
      ? 'No reading was there to test it against.'
      : `Where it was measured, it is off by at most ${quantity(errorMax, 'fraction').replace(' %', '')} percentage points of improvement.`;
  return `Model: ${model.replace(/\.$/, '')}. ${error}`;
}

export type Ground = 'held' | 'part' | 'none' | 'against' | 'unknown';

export const GROUND_WORDS: Readonly<Record<Ground, string>> = {
  held: 'as claimed, or more',
  part: 'better, but less than claimed',
  none: 'within ±5 %: no difference',
  against: 'worse',
  unknown: 'beyond what the model may say',
};

export function groundOf(value: number | null, claimed: number): Ground {
  if (value === null) return 'unknown';
  if (value >= claimed) return 'held';
  if (value > CLAIM_MARGIN) return 'part';
  return value < -CLAIM_MARGIN ? 'against' : 'none';
}
