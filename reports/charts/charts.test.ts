import { describe, expect, test } from 'vitest';
import { ARMS_BESIDE_MAX } from '../arms.ts';
import { barsOf, pathsOf, textsOf } from '../testing/drawing.ts';
import { histogramOf, latencies } from '../testing/histograms.ts';
import { logAxis } from './axis.ts';
import { clip, INK, LINES_MAX, strokeOf } from './ink.ts';
import { drawLoadCurves } from './load-curve.ts';
import { nines, spectrumOf } from './percentiles.ts';
import { drawSpectra } from './spectrum.ts';
import { drawTimeline, topsOf } from './timeline.ts';
import { drawWaterfall, type Waterfall } from './waterfall.ts';

const SIZE = { width: 600, height: 300 };
const lineOf = (drawing: ReturnType<typeof drawSpectra>, stroke: number) =>
  pathsOf(drawing).filter((path) => path.stroke === strokeOf(stroke).color && path.fill === '');

describe('a percentile spectrum', () => {
  const uniform = spectrumOf(histogramOf(Array.from({ length: 1_000 }, (_, index) => index + 1)));

  test('goes as far as ten samples lie beyond, and says the values there', () => {
    expect(uniform?.samples).toBe(1_000);
    const [first, last] = [uniform?.points[0], uniform?.points.at(-1)];
    expect(first?.quantile).toBeCloseTo(0.01, 9);
    expect(last?.quantile).toBeCloseTo(0.99, 9);
    expect(first?.ms).toBeCloseTo(10, 0);
    expect(last?.ms).toBeCloseTo(990, -1);
    for (const { quantile, ms } of uniform?.points ?? []) expect(Math.abs(ms / (1_000 * quantile) - 1)).toBeLessThan(0.11);
  });

  test('is not there for too few samples, nor for what is no histogram', () => {
    expect(spectrumOf(histogramOf(latencies(19, 1, 2)))).toBeUndefined();
    expect(spectrumOf(histogramOf(latencies(20, 1, 2)))?.samples).toBe(20);
    for (const text of ['', 'HISTFAAAA', '<script>', 'AAAA']) expect(spectrumOf(text)).toBeUndefined();
  });

  test('has each further nine as wide as the one before', () => {
    expect(nines(0.9)).toBeCloseTo(1, 9);
    expect(nines(0.99)).toBeCloseTo(2, 9);
    const drawing = drawSpectra([{ letter: 'A', stroke: 0, spectrum: uniform! }], SIZE);
    const labels = new Map(textsOf(drawing).map(({ text, x }) => [text, x]));
    // The axis is 516 px from 58 on, and ends at p99.
    expect(labels.get('p50')).toBeCloseTo(58 + 516 * 0.1505, 0);
    expect(labels.get('p90')).toBeCloseTo(58 + 516 / 2, 0);
    expect(labels.get('p99')).toBeCloseTo(58 + 516, 0);
    expect(labels.has('p99.9')).toBe(false);
  });

  test('has lines apart by colour, dash and letter, the letter at the end', () => {
    const of = (p50: number) => spectrumOf(histogramOf(latencies(2_000, p50, p50 * 3)))!;
    const drawing = drawSpectra(
      [
        { letter: 'A', stroke: 0, spectrum: of(10) },
        { letter: 'B', stroke: 1, spectrum: of(20) },
      ],
      SIZE,
    );
    const [a, b] = [lineOf(drawing, 0)[0]!, lineOf(drawing, 1)[0]!];
    expect(a.dash).not.toBe(b.dash);
    for (const [line, letter] of [
      [a, 'A'],
      [b, 'B'],
    ] as const) {
      const [x, y] = line.points.at(-1)!;
      const label = textsOf(drawing).find(({ text }) => text === letter)!;
      expect(Math.abs(label.x - x)).toBeLessThan(12);
      expect(Math.abs(label.y - y)).toBeLessThan(3);
    }
    // Lower on the picture is less.
    for (const end of [0, -1]) {
      expect(a.points.at(end)![0]).toBeCloseTo(b.points.at(end)![0], 0);
      expect(a.points.at(end)![1]).toBeGreaterThan(b.points.at(end)![1] + 50);
    }
  });

  test('keeps letters of lines that end together apart', () => {
    const spectrum = spectrumOf(histogramOf(latencies(2_000, 10, 30)))!;
    const drawing = drawSpectra(
      ['A', 'B', 'C', 'D', 'E', 'F'].map((letter, stroke) => ({ letter, stroke, spectrum })),
      { width: 340, height: 260 },
    );
    const ys = textsOf(drawing)
      .filter(({ text }) => /^[A-F]$/.test(text))
      .map(({ y }) => y)
      .sort((p, q) => p - q);
    expect(ys).toHaveLength(6);
    for (const [index, y] of ys.slice(1).entries()) expect(y - ys[index]!).toBeGreaterThanOrEqual(11);
  });

  test('a single value is a line, too', () => {
    const spectrum = spectrumOf(histogramOf(Array.from({ length: 100 }, () => 5)))!;
    const [line] = lineOf(drawSpectra([{ letter: 'A', stroke: 0, spectrum }], SIZE), 0);
    expect(new Set(line!.points.map(([, y]) => y)).size).toBe(1);
    expect(line!.points.length).toBeGreaterThan(1);
  });
});

describe('a waterfall', () => {
  const steps = [
    { kind: 'step', label: 'streaming', from: 1_000, to: 400, interval: [350, 450], effect: 'good' },
    { kind: 'step', label: 'threads', from: 400, to: 500, interval: null, effect: 'bad' },
  ] as const;
  const [start, end] = [
    { kind: 'stop', label: 'HTTP mode', value: 1_000 },
    { kind: 'stop', label: 'WebSocket mode', value: 500 },
  ] as const;
  const fall: Waterfall = { unit: 'ms', rows: [start, ...steps, end] };
  const drawing = drawWaterfall(fall, 600, false);
  const tickAt = (text: string) => textsOf(drawing).find((tick) => tick.text === text && tick.y > 120)!.x;
  const x = (ms: number) => tickAt('0') + ((tickAt('500 ms') - tickAt('0')) * ms) / 500;

  test('goes from the start through each rung to the end', () => {
    const [before, after] = barsOf(drawing, INK.whole);
    const [down] = barsOf(drawing, INK.good);
    const [up] = barsOf(drawing, INK.bad);
    const expected: [typeof before, number, number][] = [
      [before, 0, 1_000],
      [down, 400, 1_000],
      [up, 400, 500],
      [after, 0, 500],
    ];
    for (const [index, [bar, from, to]] of expected.entries()) {
      expect(bar?.from).toBeCloseTo(x(from), 0);
      expect(bar?.to).toBeCloseTo(x(to), 0);
      expect(bar?.middle).toBe(4 + 28 * index + 14);
    }
    expect(drawing).toMatchObject({ width: 600, height: 4 + 4 * 28 + 26 });
  });

  test('says each value, and draws the interval', () => {
    const texts = textsOf(drawing).map(({ text }) => text);
    for (const text of ['HTTP mode', '1.00 s', 'streaming', '−600 ms', 'threads', '+100 ms', 'WebSocket mode', '500 ms'])
      expect(texts).toContain(text);
    const whisker = pathsOf(drawing).filter(({ stroke, points }) => stroke === INK.text && points[0]?.[1] === points[1]?.[1]);
    expect(whisker).toHaveLength(1);
    expect(whisker[0]!.points.map(([at]) => at)).toEqual([expect.closeTo(x(350), 0), expect.closeTo(x(450), 0)]);
  });

  test('has labels above its bars where it is narrow, and keeps them inside', () => {
    const narrow = drawWaterfall({ unit: 'ms', rows: [{ ...start, label: 'l'.repeat(200) }, ...steps, end] }, 340, true);
    expect(narrow.height).toBe(4 + 4 * 40 + 26);
    const [label] = textsOf(narrow).filter(({ text }) => text.startsWith('l'));
    const [bar] = barsOf(narrow, INK.whole);
    expect(label!.y).toBeLessThan(bar!.middle);
    expect(label!.text.length).toBeLessThan(40);
    expect(label!.text).toMatch(/l…$/);
  });

  test('ends where a rung is not known', () => {
    const lost = { ...steps[1], to: null, interval: null };
    const broken = drawWaterfall({ unit: 'ms', rows: [start, steps[0], lost, { ...end, value: null }] }, 600, false);
    expect(barsOf(broken, INK.whole)).toHaveLength(1);
    expect(textsOf(broken).filter(({ text }) => text === '–')).toHaveLength(2);
  });

  test('a change of nothing is still seen', () => {
    const still = { ...steps[0], to: 1_000, interval: [990, 1_010], effect: 'same' } as const;
    const flat = drawWaterfall({ unit: 'ms', rows: [start, still] }, 600, false);
    const [bar] = barsOf(flat, INK.same);
    expect(bar!.to - bar!.from).toBeGreaterThanOrEqual(1.4);
  });
});

describe('a load curve', () => {
  const drawing = drawLoadCurves(
    [
      {
        letter: 'A',
        stroke: 0,
        points: [
          { streams: 400, p99: 200, held: false },
          { streams: 100, p99: 10, held: true },
          { streams: 800, p99: null, held: false },
          { streams: 50, p99: null, held: true },
        ],
      },
    ],
    { limit: 100, unit: 'ms' },
    SIZE,
  );
  const marks = pathsOf(drawing).filter(({ fill }) => fill !== '');

  test('has the limit as a line across', () => {
    const [limit] = pathsOf(drawing).filter(({ stroke, dash }) => stroke === INK.limit && dash !== '');
    expect(limit!.points.map(([x]) => x)).toEqual([58, 574]);
    const texts = textsOf(drawing);
    const tick = texts.find(({ text }) => text === '100 ms')!;
    expect(limit!.points[0]![1]).toBeCloseTo(tick.y, 0);
    expect(texts.some(({ text }) => text === 'limit')).toBe(true);
  });

  test('joins what is known in the order of streams, and tells held, not held and unknown apart by form', () => {
    const [line] = pathsOf(drawing).filter(({ stroke, fill }) => stroke === strokeOf(0).color && fill === '');
    expect(line!.points).toHaveLength(2);
    expect(line!.points[0]![0]).toBeLessThan(line!.points[1]![0]);
    expect(line!.points[0]![1]).toBeGreaterThan(line!.points[1]![1]);
    const drawn = marks.filter(({ fill, stroke }) => fill === strokeOf(0).color || stroke === strokeOf(0).color);
    // Circle (by its arcs), square, and two triangles.
    expect(drawn.map(({ fill, points }) => [fill, points.length])).toEqual([
      [strokeOf(0).color, 3],
      [INK.paper, 4],
      [strokeOf(0).color, 3],
      [INK.paper, 3],
    ]);
    const middle = (mark: (typeof drawn)[number]) => Math.round(mark.points.reduce((sum, [, y]) => sum + y / mark.points.length, 0));
    // What is not known at the edges: held at the lower, not held at the upper.
    expect(Math.abs(middle(drawn[2]!) - 272)).toBeLessThan(4);
    expect(Math.abs(middle(drawn[3]!) - 14)).toBeLessThan(4);
  });

  test('of nothing known is a chart, too', () => {
    const empty = drawLoadCurves(
      [{ letter: 'A', stroke: 0, points: [{ streams: 0, p99: null, held: false }] }],
      { limit: 0, unit: 'ms' },
      SIZE,
    );
    expect(empty.markup).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('a timeline', () => {
  const timeline = {
    binMs: 100,
    offeredPerSecond: [20, 80, 20, 0],
    completedPerSecond: [20, 40, 30, 10],
    refusedPerSecond: [0, 0, 0, 0],
    turnMs: [50, null, 100, null],
  };
  const drawing = drawTimeline(timeline, topsOf([timeline]), SIZE);
  const bin = (600 - 58 - 26) / 4;

  test('has a step for each stretch', () => {
    const [due] = lineOf(drawing, 2);
    expect(due!.points.map(([x]) => x)).toEqual([0, 1, 1, 2, 2, 3, 3, 4].map((edge) => 58 + edge * bin));
    const [first, , top] = due!.points.map(([, y]) => y);
    // 80 is the top of the upper chart, 151 px high.
    expect(top).toBe(10);
    expect(first).toBeCloseTo(10 + 151 * 0.75, 0);
  });

  test('breaks its line where nothing is known', () => {
    const turns = lineOf(drawing, 3).flatMap(({ points }) => points.map(([x]) => x));
    expect(turns).toEqual([0, 1, 2, 3].map((edge) => 58 + edge * bin));
    const source = drawing.markup.match(new RegExp(`<path d="([^"]*)" stroke="${strokeOf(3).color.replace(/[()]/g, '\\$&')}"`));
    expect(source?.[1]?.match(/M/g)).toHaveLength(2);
  });

  test('shares its axes with those of other arms', () => {
    const other = { ...timeline, offeredPerSecond: [160, 0, 0, 0], turnMs: [1, 1, 1, 1] };
    const shared = drawTimeline(timeline, topsOf([timeline, other]), SIZE);
    const [due] = lineOf(shared, 2);
    expect(Math.min(...due!.points.map(([, y]) => y))).toBeCloseTo(10 + 151 / 2, 0);
  });

  test('of nothing is a chart, too', () => {
    const nothing = { binMs: 100, offeredPerSecond: [], completedPerSecond: [], refusedPerSecond: [], turnMs: [] };
    expect(drawTimeline(nothing, topsOf([nothing]), SIZE).markup).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('axes', () => {
  test.each([
    [
      [2.0, 2.7],
      ['2 ms', '2.2 ms', '2.4 ms', '2.6 ms', '2.8 ms'],
    ],
    [
      [0.4, 90],
      ['300 µs', '1 ms', '3 ms', '10 ms', '30 ms', '100 ms'],
    ],
    [
      [1e-3, 1e5],
      ['10 µs', '1 ms', '100 ms', '10 s'],
    ],
  ])('of %j carry round numbers that have room', (values, expected) => {
    const ticks = logAxis(values, 'ms', 7).ticks.map(({ text }) => text);
    expect(ticks).toEqual(expected);
  });

  test('take values without a logarithm as the smallest other', () => {
    const axis = logAxis([0, -1, 10, Number.NaN], 'ms', 7);
    expect(axis.to(0)).toBe(axis.to(10));
    expect(axis.min).toBeLessThan(1);
    expect(axis.max).toBeGreaterThan(1);
  });
});

test('strokes differ in colour and in dash, as many as are told apart', () => {
  const strokes = Array.from({ length: LINES_MAX }, (_, index) => strokeOf(index));
  expect(new Set(strokes.map(({ color }) => color)).size).toBe(LINES_MAX);
  expect(new Set(strokes.map(({ dash }) => dash.join())).size).toBe(LINES_MAX);
  expect(ARMS_BESIDE_MAX).toBeLessThanOrEqual(LINES_MAX);
});

test('labels are cut visibly', () => {
  expect(clip('abcdef', 7.7 * 6)).toBe('abcdef');
  expect(clip('abcdefg', 7.7 * 6)).toBe('abcde…');
});
