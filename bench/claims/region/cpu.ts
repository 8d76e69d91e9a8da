/**
 * Where a claim on CPU would hold: the gateway's processor time of a turn = so much a turn + so much a chunk of the model. Of
 * a turn's share, what connecting costs falls on every turn in HTTP mode, and once a session in WebSocket mode: the ladder's
 * rung of connection reuse tells it apart.
 */
import { quantity } from '../../../reports/format.ts';
import type { Region } from '../../../reports/report.ts';
import { leastSquares } from './fit.ts';
import { mapOf, type Point, sentenceOf } from './map.ts';

export interface CpuReading {
  tokens: number;
  tokensPerChunk: number;
  httpMsPerTurn: number;
  websocketMsPerTurn: number;
  improvement: number;
}

export interface Reuse {
  /** Of a turn, with a fresh connection for each and with one for all of a session. */
  perTurnMs: number;
  keptMs: number;
}

const X = { name: 'tokens a turn', unit: '', values: [5, 13, 40, 100, 300, 1_000, 4_000] } as const;
const Y = { name: 'turns a session', unit: '', values: [1, 2, 4, 10, 30, 100] } as const;

/** @param turns of a session, as measured. */
export function cpuRegion(readings: readonly CpuReading[], reuse: Reuse, turns: number, claimed: number): Region | undefined {
  const http = fitEnd(readings, ({ httpMsPerTurn }) => httpMsPerTurn);
  const websocket = fitEnd(readings, ({ websocketMsPerTurn }) => websocketMsPerTurn);
  if (!http || !websocket || turns < 2) return undefined;
  const connectMs = Math.max(0, (reuse.perTurnMs - reuse.keptMs) / (1 - 1 / turns));
  const cost = (tokens: number, session: number, chunks = tokens) => {
    const before = http.turnMs + http.chunkMs * chunks;
    const after = websocket.turnMs + connectMs * (1 / session - 1 / turns) + websocket.chunkMs * chunks;
    return before > 0 && after > 0 ? 1 - after / before : null;
  };
  // The map has one token a chunk, as most models stream.
  const single = readings.filter(({ tokensPerChunk }) => tokensPerChunk === 1);
  const measured = single.map((one): Point => ({ x: one.tokens, y: turns, improvement: one.improvement }));
  const map = mapOf(X, Y, (tokens, session) => cost(tokens, session), measured);
  const errors = readings.flatMap(({ tokens, tokensPerChunk, improvement }) => {
    const predicted = cost(tokens, turns, Math.ceil(tokens / tokensPerChunk));
    return predicted === null ? [] : [Math.abs(predicted - improvement)];
  });
  return {
    ...map,
    errorMax: errors.length === 0 ? null : Math.max(...errors),
    model: modelWords(http, websocket, connectMs, turns),
    sentence: sentenceOf(map, claimed, 'lower'),
  };
}

interface End {
  turnMs: number;
  chunkMs: number;
}

function fitEnd(readings: readonly CpuReading[], msPerTurn: (reading: CpuReading) => number): End | undefined {
  const fitted = leastSquares(
    readings.map(({ tokens, tokensPerChunk }) => [1, Math.ceil(tokens / tokensPerChunk)]),
    readings.map(msPerTurn),
  );
  return fitted && { turnMs: fitted[0]!, chunkMs: fitted[1]! };
}

function modelWords(http: End, websocket: End, connectMs: number, turns: number): string {
  const end = ({ turnMs, chunkMs }: End) => `${quantity(turnMs, 'ms')} + ${quantity(chunkMs, 'ms')} a token`;
  return `CPU of a turn = ${end(http)} in HTTP mode, ${end(websocket)} in WebSocket mode at ${turns} turns a session, of which ${quantity(connectMs, 'ms')} a connection are taken to cost the same over WebSocket as over HTTP; at one token a chunk`;
}
