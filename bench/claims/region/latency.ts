/**
 * Where a claim on a turn's latency would hold: turn = the model's time + round trips × round-trip time + what the gateway and
 * its host add. Round trips and what is added are fitted for each end, to readings at several round-trip times and speeds of
 * the model; that the model's own time is in both ends alike is what a gateway cannot change.
 */
import { number, quantity } from '../../../reports/format.ts';
import type { Region } from '../../../reports/report.ts';
import { CLAIM_MARGIN } from '../../statistics/claim.ts';
import { leastSquares } from './fit.ts';
import { mapOf, type Point, sentenceOf } from './map.ts';

export interface LatencyReading {
  roundTripMs: number;
  /** From the turn's beginning at the model to its last token. */
  modelMs: number;
  httpMs: number;
  websocketMs: number;
  improvement: number;
}

export interface End {
  roundTrips: number;
  addedMs: number;
}

const X = { name: 'round trip', unit: 'ms', values: [0, 10, 20, 50, 80, 150, 300] } as const;
const Y = { name: 'model time of the reply', unit: 'ms', values: [10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000] } as const;

/** `undefined` where the readings do not tell the constants apart. */
export function latencyRegion(readings: readonly LatencyReading[], claimed: number): Region | undefined {
  const http = fitEnd(readings, ({ httpMs }) => httpMs);
  const websocket = fitEnd(readings, ({ websocketMs }) => websocketMs);
  if (!http || !websocket) return undefined;
  const turn = (end: End, roundTripMs: number, modelMs: number) => modelMs + end.roundTrips * roundTripMs + end.addedMs;
  const measured = readings.map((one): Point => ({ x: one.roundTripMs, y: one.modelMs, improvement: one.improvement }));
  const predict = (x: number, y: number) => {
    const [before, after] = [turn(http, x, y), turn(websocket, x, y)];
    return before > 0 && after > 0 ? 1 - after / before : null;
  };
  const map = mapOf(X, Y, predict, measured);
  return { ...map, model: modelWords(http, websocket), sentence: latencySentence(map, http, websocket, claimed) };
}

function fitEnd(readings: readonly LatencyReading[], turnMs: (reading: LatencyReading) => number): End | undefined {
  const fitted = leastSquares(
    readings.map(({ roundTripMs }) => [roundTripMs, 1]),
    readings.map((reading) => turnMs(reading) - reading.modelMs),
  );
  return fitted && { roundTrips: fitted[0]!, addedMs: fitted[1]! };
}

function modelWords(http: End, websocket: End): string {
  const end = ({ roundTrips, addedMs }: End) => `${number(roundTrips)} round trips + ${quantity(addedMs, 'ms')}`;
  return `turn = model time + ${end(http)} in HTTP mode, model time + ${end(websocket)} in WebSocket mode; of the median turn, where a session’s first one, which connects, takes longer`;
}

/** Round-trip times that a reader can picture: near, across a continent, across the world. */
const PICTURED_MS = [20, 100, 300];

/** The longest reply, in the model's time, for which the improvement is still so large; 0 where none is short enough. */
export function longestReplyMs(http: End, websocket: End, improvement: number, roundTripMs: number): number {
  const before = http.roundTrips * roundTripMs + http.addedMs;
  const after = websocket.roundTrips * roundTripMs + websocket.addedMs;
  return Math.max(0, ((1 - improvement) * before - after) / improvement);
}

/** Both bounds of what replies may take: for all that was claimed, and for any gain worth the name. */
function latencySentence(map: Parameters<typeof sentenceOf>[0], http: End, websocket: End, claimed: number): string {
  const values = map.improvement.flat();
  const holds = values.filter((value) => value !== null && value >= claimed).length;
  const [near] = PICTURED_MS as [number];
  const anyGainMs = longestReplyMs(http, websocket, CLAIM_MARGIN, near);
  const anyGain = anyGainMs > 0 ? ` A gain of more than 5 % at ${near} ms takes replies of less than ${quantity(anyGainMs, 'ms')}.` : '';
  if (holds === 0 || holds === values.length) return `${sentenceOf(map, claimed, 'lower')}${holds === 0 ? anyGain : ''}`;
  const limits = PICTURED_MS.map((roundTripMs) => ({ roundTripMs, replyMs: longestReplyMs(http, websocket, claimed, roundTripMs) }));
  const where = limits
    .filter(({ replyMs }) => replyMs >= Y.values[0])
    .map(({ roundTripMs, replyMs }, index) => `${quantity(replyMs, 'ms')} at ${index === 0 ? 'a round trip of ' : ''}${roundTripMs} ms`);
  if (where.length === 0) return `${sentenceOf(map, claimed, 'lower')}${anyGain}`;
  return `It would hold only where the model takes less for the whole reply than ${where.join(', or ')}.${anyGain}`;
}
