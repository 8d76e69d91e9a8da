/**
 * Where a claim on token overhead would hold: the bytes of a reply = so many a turn + so many a chunk + so many a token, of
 * which the content is so many a token. Fitted for each end to readings with replies of different lengths and chunks.
 */
import { quantity } from '../../../reports/format.ts';
import type { Region } from '../../../reports/report.ts';
import { leastSquares } from './fit.ts';
import { mapOf, type Point, sentenceOf } from './map.ts';

export interface OverheadReading {
  tokens: number;
  tokensPerChunk: number;
  /** On the wire, of the reply direction, a token. */
  httpBytesPerToken: number;
  websocketBytesPerToken: number;
  /** The text itself. */
  contentBytesPerToken: number;
  improvement: number;
}

interface End {
  perTurn: number;
  perChunk: number;
  perToken: number;
}

const X = { name: 'tokens a reply', unit: '', values: [5, 13, 40, 100, 300, 1_000, 4_000] } as const;
const Y = { name: 'tokens a chunk', unit: '', values: [1, 2, 5, 10, 20, 50] } as const;

export function overheadRegion(readings: readonly OverheadReading[], claimed: number): Region | undefined {
  const http = fitEnd(readings, ({ httpBytesPerToken }) => httpBytesPerToken);
  const websocket = fitEnd(readings, ({ websocketBytesPerToken }) => websocketBytesPerToken);
  if (!http || !websocket) return undefined;
  const content = readings.reduce((sum, { contentBytesPerToken }) => sum + contentBytesPerToken, 0) / readings.length;
  const overhead = (end: End, tokens: number, size: number) => {
    const wire = end.perTurn + end.perChunk * Math.ceil(tokens / size) + end.perToken * tokens;
    return wire > content * tokens ? 1 - (content * tokens) / wire : null;
  };
  const predict = (tokens: number, size: number) => {
    const [before, after] = [overhead(http, tokens, size), overhead(websocket, tokens, size)];
    return before === null || after === null ? null : 1 - after / before;
  };
  const measured = readings.map((one): Point => ({ x: one.tokens, y: one.tokensPerChunk, improvement: one.improvement }));
  const map = mapOf(X, Y, predict, measured);
  return { ...map, model: modelWords(http, websocket, content), sentence: sentenceOf(map, claimed, 'lower') };
}

function fitEnd(readings: readonly OverheadReading[], bytesPerToken: (reading: OverheadReading) => number): End | undefined {
  const fitted = leastSquares(
    readings.map(({ tokens, tokensPerChunk }) => [1, Math.ceil(tokens / tokensPerChunk), tokens]),
    readings.map((reading) => bytesPerToken(reading) * reading.tokens),
  );
  return fitted && { perTurn: fitted[0]!, perChunk: fitted[1]!, perToken: fitted[2]! };
}

function modelWords(http: End, websocket: End, content: number): string {
  const end = ({ perTurn, perChunk, perToken }: End) =>
    `${bytes(perTurn)} a turn + ${bytes(perChunk)} a chunk + ${bytes(perToken)} a token`;
  return `bytes of a reply = ${end(http)} in HTTP mode, ${end(websocket)} in WebSocket mode, of which ${quantity(content, 'B')} a token are content`;
}

/** A fit leaves traces of what is not there. */
function bytes(value: number): string {
  return quantity(Math.abs(value) < 0.05 ? 0 : value, 'B');
}
