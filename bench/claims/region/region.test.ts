import { describe, expect, it } from 'vitest';
import { type CpuReading, cpuRegion } from './cpu.ts';
import { leastSquares } from './fit.ts';
import { type LatencyReading, latencyRegion, longestReplyMs } from './latency.ts';
import { mapOf, type Predict, sentenceOf } from './map.ts';
import { type OverheadReading, overheadRegion } from './overhead.ts';

describe('least squares', () => {
  it('find the constants that made the values, whatever their sizes', () => {
    const rows = [1, 2, 5, 9].map((x) => [1, x * 1e6, x % 2]);
    const fitted = leastSquares(
      rows,
      rows.map(([a, b, c]) => 3 * a! + 2e-6 * b! - 0.5 * c!),
    )!;
    for (const [index, value] of [3, 2e-6, -0.5].entries()) expect(fitted[index]! / value).toBeCloseTo(1, 9);
  });

  it('come as near as can be where there is no exact answer', () => {
    expect(leastSquares([[1], [1], [1]], [1, 2, 6])![0]).toBeCloseTo(3, 12);
  });

  it('say nothing where the rows do not tell the constants apart', () => {
    expect(
      leastSquares(
        [
          [1, 2],
          [2, 4],
          [3, 6],
        ],
        [1, 2, 3],
      ),
    ).toBeUndefined();
    expect(leastSquares([[1, 2]], [1])).toBeUndefined();
    expect(leastSquares([], [])).toBeUndefined();
    expect(
      leastSquares(
        [
          [1, 0],
          [1, 0],
        ],
        [1, 1],
      ),
    ).toBeUndefined();
  });
});

describe('a sentence on where a claim would hold', () => {
  const x = { name: 'tokens', unit: '', values: [1, 10, 100] };
  const y = { name: 'round trip', unit: 'ms', values: [0, 20] };
  const on = (predict: Predict) => mapOf(x, y, predict, []);

  it.each<[string, Predict, string]>([
    ['everywhere', () => 0.5, 'It would hold everywhere in this range.'],
    [
      'nowhere',
      (tokens, ms) => (tokens + ms) / 1_000,
      'It would hold nowhere in this range: the best that it comes to is 12.0 % lower, at 100 tokens and a round trip of 20 ms.',
    ],
    ['nowhere, and never for the better', () => -0.2, 'It would hold nowhere in this range: there is no gain anywhere in it.'],
    [
      'in one condition',
      (tokens, ms) => (tokens === 10 && ms === 20 ? 0.5 : 0),
      'It would hold only for 10 tokens and a round trip of 20 ms.',
    ],
    [
      'in a block',
      (tokens, ms) => (tokens >= 10 && ms === 0 ? 0.5 : 0),
      'It would hold only for 10 to 100 tokens and a round trip of 0 ms.',
    ],
    ['whatever the one is', (tokens) => (tokens <= 10 ? 0.5 : 0), 'It would hold only for 1 to 10 tokens and any round trip.'],
    [
      'whatever the other is',
      (_tokens, ms) => (ms === 20 ? 0.5 : 0),
      'It would hold only for any number of tokens and a round trip of 20 ms.',
    ],
    [
      'in a part of a block',
      (tokens, ms) => (tokens * (ms + 10) >= 300 ? 0.5 : 0),
      'It would hold only for 10 to 100 tokens and any round trip, and there in 3 of 4 conditions that the map shows.',
    ],
    ['nowhere that the model may speak of', () => null, 'The model says nothing about this range.'],
  ])('%s', (_what, predict, sentence) => {
    expect(sentenceOf(on(predict), 0.4, 'lower')).toBe(sentence);
  });

  it('stands beside a map of the predictions, by y and then x, and the model’s largest error', () => {
    const map = mapOf(x, y, (tokens, ms) => (ms === 20 && tokens === 1 ? null : tokens + ms), [
      { x: 10, y: 20, improvement: 30.5 },
      { x: 1, y: 0, improvement: 0.8 },
      { x: 1, y: 20, improvement: 99 },
    ]);
    expect(map.improvement).toEqual([
      [1, 10, 100],
      [null, 30, 120],
    ]);
    expect(map.errorMax).toBeCloseTo(0.5, 12);
    expect(mapOf(x, y, () => 1, []).errorMax).toBeNull();
  });
});

describe('the region of a claim on latency', () => {
  const reading = (roundTripMs: number, modelMs: number, trips: [number, number], added: [number, number]): LatencyReading => {
    const [httpMs, websocketMs] = [modelMs + trips[0] * roundTripMs + added[0], modelMs + trips[1] * roundTripMs + added[1]];
    return { roundTripMs, modelMs, httpMs, websocketMs, improvement: 1 - websocketMs / httpMs };
  };
  const six = (trips: [number, number], added: [number, number]) =>
    [300, 59].flatMap((modelMs) => [0, 20, 80].map((roundTripMs) => reading(roundTripMs, modelMs, trips, added)));

  it('has the round trips that the readings show, and what each end adds', () => {
    const region = latencyRegion(six([3, 1], [5, 2]), 0.62)!;
    expect(region.model).toContain(
      'turn = model time + 3.00 round trips + 5.00 ms in HTTP mode, model time + 1.00 round trips + 2.00 ms in WebSocket mode',
    );
    expect(region.errorMax).toBeLessThan(1e-9);
    expect(region.measured).toHaveLength(6);
    const [at20, at1000] = [region.x.values.indexOf(20), region.y.values.indexOf(1_000)];
    expect(region.improvement[at1000]![at20]).toBeCloseTo(1 - 1_022 / 1_065, 9);
    expect(region.improvement).toHaveLength(region.y.values.length);
  });

  it('says for how long a reply it would hold, and for how long there is any gain', () => {
    // (1 − 0.62) × (3 × 100 + 5) − (100 + 2) = 13.9, over 0.62: 22.4 ms; at 300 ms 67.5; at 20 ms 4.6, less than the range has.
    expect(latencyRegion(six([3, 1], [5, 2]), 0.62)!.sentence).toBe(
      'It would hold only where the model takes less for the whole reply than 22.4 ms at a round trip of 100 ms, or 67.6 ms at 300 ms. A gain of more than 5 % at 20 ms takes replies of less than 795 ms.',
    );
    expect(longestReplyMs({ roundTrips: 3, addedMs: 5 }, { roundTrips: 1, addedMs: 2 }, 0.62, 100)).toBeCloseTo(22.4, 1);
  });

  it('says so where it would hold nowhere, with a gain or without one', () => {
    expect(latencyRegion(six([2, 1], [5, 2]), 0.62)!.sentence).toBe(
      'It would hold nowhere in this range: the best that it comes to is 49.3 % lower, at a round trip of 300 ms and a model time of the reply of 10 ms. A gain of more than 5 % at 20 ms takes replies of less than 415 ms.',
    );
    expect(latencyRegion(six([1, 1], [2, 2]), 0.62)!.sentence).toBe(
      'It would hold nowhere in this range: there is no gain anywhere in it.',
    );
    // A claim that any saving meets.
    expect(latencyRegion(six([3, 1], [90_000, 2]), 0.62)!.sentence).toBe('It would hold everywhere in this range.');
  });

  it('speaks by the map where the replies are too short at the round trips that it would name', () => {
    const region = latencyRegion(six([0, 0], [30, 2]), 0.62)!;
    expect(region.sentence).toMatch(
      /^It would hold only where the model takes less for the whole reply than 15.2 ms at a round trip of 20 ms, or 15.2 ms at 100 ms, or 15.2 ms at 300 ms\./,
    );
    // Less is saved the longer the round trip: at 20 ms a reply may take 9.8 ms, which is less than the range has.
    const odd = latencyRegion(six([-0.1, 0], [30, 2]), 0.69)!;
    expect(odd.sentence).toMatch(/^It would hold only for a round trip of 0 to 10 ms and a model time of the reply of 10 ms\. A gain/);
  });

  it('is none where the readings have but one round-trip time', () => {
    expect(latencyRegion([reading(20, 300, [3, 1], [5, 2]), reading(20, 59, [3, 1], [5, 2])], 0.62)).toBeUndefined();
    expect(latencyRegion([], 0.62)).toBeUndefined();
  });
});

describe('the region of a claim on overhead', () => {
  const CONTENT = 4;
  interface Bytes {
    turn: number;
    chunk: number;
    token: number;
  }
  const wire = ({ turn, chunk, token }: Bytes, tokens: number, size: number) => turn + chunk * Math.ceil(tokens / size) + token * tokens;
  const reading = (tokens: number, tokensPerChunk: number, http: Bytes, websocket: Bytes): OverheadReading => {
    const [before, after] = [wire(http, tokens, tokensPerChunk), wire(websocket, tokens, tokensPerChunk)];
    const overhead = (bytes: number) => 1 - (CONTENT * tokens) / bytes;
    return {
      tokens,
      tokensPerChunk,
      httpBytesPerToken: before / tokens,
      websocketBytesPerToken: after / tokens,
      contentBytesPerToken: CONTENT,
      improvement: 1 - overhead(after) / overhead(before),
    };
  };
  const three = (http: Bytes, websocket: Bytes) => [
    reading(13, 1, http, websocket),
    reading(40, 1, http, websocket),
    reading(40, 5, http, websocket),
  ];
  const WHOLE: Bytes = { turn: 1_500, chunk: 0, token: 4.2 };

  it('is fitted to bytes a turn, a chunk and a token, and predicts other lengths', () => {
    const events: Bytes = { turn: 2_000, chunk: 200, token: 20 };
    const region = overheadRegion(three(WHOLE, events), 0.8)!;
    expect(region.errorMax).toBeLessThan(1e-9);
    expect(region.model).toBe(
      'bytes of a reply = 1.50 kB a turn + 0 B a chunk + 4.20 B a token in HTTP mode, 2.00 kB a turn + 200 B a chunk + 20.0 B a token in WebSocket mode, of which 4.00 B a token are content',
    );
    const [x, y] = [region.x.values.indexOf(1_000), region.y.values.indexOf(10)];
    const expected = reading(1_000, 10, WHOLE, events).improvement;
    expect(region.improvement[y]![x]).toBeCloseTo(expected, 6);
    expect(region.sentence).toBe('It would hold nowhere in this range: there is no gain anywhere in it.');
  });

  it('finds where it would hold', () => {
    const frames: Bytes = { turn: 10, chunk: 2, token: 4 };
    expect(overheadRegion(three(WHOLE, frames), 0.8)!.sentence).toMatch(/^It would hold only for /);
  });

  it('says nothing where a reply would have less bytes than its text', () => {
    const impossible: Bytes = { turn: 100, chunk: 1, token: 2.5 };
    const region = overheadRegion(three(WHOLE, impossible), 0.8)!;
    const at = (tokens: number, size: number) => region.improvement[region.y.values.indexOf(size)]![region.x.values.indexOf(tokens)];
    expect(at(4_000, 50)).toBeNull();
    expect(at(5, 1)).not.toBeNull();
  });

  it('is none without replies of several lengths and chunks', () => {
    expect(overheadRegion(three(WHOLE, WHOLE).slice(0, 2), 0.8)).toBeUndefined();
    expect(overheadRegion([], 0.8)).toBeUndefined();
  });
});

describe('the region of a claim on CPU', () => {
  const TURNS = 4;
  const CONNECT_MS = 1.2;
  const http = (chunks: number) => 1.8 + 0.01 * chunks;
  const websocket = (chunks: number, session: number) => 0.5 + CONNECT_MS / session + 0.03 * chunks;
  const reading = (tokens: number, tokensPerChunk: number): CpuReading => {
    const chunks = Math.ceil(tokens / tokensPerChunk);
    return {
      tokens,
      tokensPerChunk,
      httpMsPerTurn: http(chunks),
      websocketMsPerTurn: websocket(chunks, TURNS),
      improvement: 1 - websocket(chunks, TURNS) / http(chunks),
    };
  };
  const readings = [reading(13, 1), reading(40, 1), reading(40, 5)];
  const reuse = { perTurnMs: 3, keptMs: 3 - CONNECT_MS * (1 - 1 / TURNS) };

  it('tells what connecting costs from the rest, so that sessions of other lengths can be predicted', () => {
    const region = cpuRegion(readings, reuse, TURNS, 0.42)!;
    const at = (tokens: number, session: number) => region.improvement[region.y.values.indexOf(session)]![region.x.values.indexOf(tokens)];
    for (const [tokens, session] of [
      [5, 1],
      [13, 4],
      [300, 100],
    ] as const)
      expect(at(tokens, session)).toBeCloseTo(1 - websocket(tokens, session) / http(tokens), 9);
    expect(region.errorMax).toBeLessThan(1e-9);
    expect(region.measured.map(({ x, y }) => [x, y])).toEqual([
      [13, 4],
      [40, 4],
    ]);
    expect(region.model).toContain(
      '1.80 ms + 10.0 µs a token in HTTP mode, 800 µs + 30.0 µs a token in WebSocket mode at 4 turns a session, of which 1.20 ms a connection',
    );
    // In one turn a session nothing is saved; from two on short turns save more than 42 %.
    expect(region.sentence).toBe(
      'It would hold only for 5 to 13 tokens a turn and 4 to 100 turns a session, and there in 7 of 8 conditions that the map shows.',
    );
  });

  it('takes the error from all readings, those with more tokens a chunk too', () => {
    const off = { ...reading(40, 5), improvement: reading(40, 5).improvement + 0.1 };
    expect(cpuRegion([readings[0]!, readings[1]!, off], reuse, TURNS, 0.42)!.errorMax).toBeCloseTo(0.1, 9);
  });

  it('takes connecting to cost nothing rather than less', () => {
    const region = cpuRegion(readings, { perTurnMs: 1, keptMs: 2 }, TURNS, 0.42)!;
    expect(region.improvement[0]).toEqual(region.improvement.at(-1));
  });

  it('is none with turns of one length alone, or sessions of one turn', () => {
    expect(cpuRegion([reading(13, 1)], reuse, TURNS, 0.42)).toBeUndefined();
    expect(cpuRegion(readings, reuse, 1, 0.42)).toBeUndefined();
  });
});
