/**
 * What decided a claim, in sentences that follow from its readings: each is chosen by a condition that the readings meet, and
 * says no more than they show.
 */
import { improvement, quantity } from '../../reports/format.ts';
import { CLAIM_MARGIN, type Improvement } from '../statistics/claim.ts';
import type { Direction } from '../statistics/verdict.ts';
import { type Climb, worthOf } from './climb.ts';
import type { Judged } from './readings.ts';

export interface Grounds {
  direction: Direction;
  /** The headline's reading; `undefined` where its condition was not measured. */
  headline: Pick<Judged, 'reading' | 'overBest' | 'atLeast' | 'reason'> | undefined;
  /** What the model takes of a turn, where the claim is on turns. */
  modelMs?: number | undefined;
  /** Of the measure that tells factors apart; absent where the run has no ladder of it. */
  climb?: (Climb & { of: string }) | undefined;
  /** What was claimed for HTTP mode, where readings are bounds that say something against it. */
  claimedHttp?: number | undefined;
}

export function explain(grounds: Grounds): string {
  const { headline } = grounds;
  if (!headline) return 'The condition that decides it was not measured in this run.';
  const sentences = [boundsOf(grounds), undecided(headline), modelOf(grounds), ladderOf(grounds), bestOf(grounds)];
  return sentences.filter((sentence) => sentence !== '').join(' ');
}

/** Where the instrument gave out first. */
function boundsOf({ headline, claimedHttp }: Grounds): string {
  const { reading, atLeast } = headline!;
  const values = { http: reading.http, websocket: reading.websocket };
  const names = atLeast.filter((end) => values[end] !== null).map((end) => `${NAMES[end]} at ${quantity(values[end], reading.unit)}`);
  if (names.length === 0) return '';
  const { http } = reading;
  const beyond =
    claimedHttp !== undefined && http !== null && http > claimedHttp
      ? `, where ${quantity(claimedHttp, reading.unit)} were published for HTTP mode`
      : '';
  return `The instrument gave out before ${names.join(' and ')}${beyond}: those are lower bounds.`;
}

const NAMES = { http: 'HTTP mode', websocket: 'WebSocket mode' } as const;

function undecided({ reading, reason }: NonNullable<Grounds['headline']>): string {
  return reading.verdict === 'inconclusive' && reason !== undefined ? `Not decided: ${reason}.` : '';
}

function modelOf({ headline, modelMs }: Grounds): string {
  const { http, unit } = headline!.reading;
  if (modelMs === undefined || http === null || modelMs > http) return '';
  return `${quantity(modelMs, unit)} of HTTP mode’s ${quantity(http, unit)} are the model’s own, which no transport shortens.`;
}

function ladderOf({ climb, direction }: Grounds): string {
  if (!climb) return '';
  const { total, carriers, against } = worthOf(climb, CLAIM_MARGIN);
  const where = `On the ladder (${climb.of}, ${climb.condition})`;
  if (Math.abs(total - 1) <= CLAIM_MARGIN) {
    const moved = climb.steps.filter(({ ratio }) => Math.abs(ratio - 1) > CLAIM_MARGIN);
    return moved.length === 0
      ? `${where} no factor changes it by more than 5 %.`
      : `${where} factors cancel out: ${moved.map(changeOf).join(', ')}.`;
  }
  const gain = total < 1 === (direction === 'lower');
  const what = gain ? 'gain' : 'loss';
  const shares = carriers.map(({ factor, share }) => `${factor} (${percent(share)})`);
  const [first] = carriers;
  const carried =
    carriers.length === 1 && first
      ? `${first.factor} carries ${first.share === 1 ? 'all' : percent(first.share)} of that ${what}`
      : `${shares.slice(0, -1).join(', ')} and ${shares.at(-1)} carry that ${what}`;
  const opposed = against.length === 0 ? '' : `; against it ${against.length === 1 ? 'works' : 'work'} ${against.map(changeOf).join(', ')}`;
  return `${where} it comes to ${percent(Math.abs(total - 1))} ${total < 1 ? 'less' : 'more'}: ${carried}${opposed}.`;
}

function percent(fraction: number): string {
  return quantity(fraction, 'fraction');
}

/** `threads +12.0 %`. */
function changeOf({ factor, ratio }: { factor: string; ratio: number }): string {
  return `${factor} ${ratio > 1 ? '+' : '−'}${percent(Math.abs(ratio - 1))}`;
}

function bestOf({ headline, direction }: Grounds): string {
  const { overBest } = headline!;
  const best = 'an HTTP that streams over kept connections';
  if (!overBest || overBest.improvement === null) return '';
  const text = improvement(overBest.improvement, overBest.interval, direction);
  switch (standing(overBest)) {
    case 'same':
      return `Against ${best} nothing is left of it: WebSocket mode is ${text}.`;
    case 'better':
      return `Against ${best}, WebSocket mode is ${text}.`;
    case 'worse':
      return `Against ${best}, WebSocket mode is behind: ${text}.`;
    case 'unknown':
      return `Against ${best} this run does not decide: ${text}.`;
  }
}

function standing({ interval }: Improvement): 'same' | 'better' | 'worse' | 'unknown' {
  if (interval === null) return 'unknown';
  const [low, high] = interval;
  if (low >= -CLAIM_MARGIN && high <= CLAIM_MARGIN) return 'same';
  if (low > 0) return 'better';
  return high < 0 ? 'worse' : 'unknown';
}
