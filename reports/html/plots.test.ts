import { describe, expect, test } from 'vitest';
import type { Claim } from '../report.ts';
import { exampleReport } from '../testing/example.ts';
import { all, parseHtml, textOf } from '../testing/markup.ts';
import { amountBar, improvementAxis, improvementPlot, ratioAxis, ratioPlot, stackedBar } from './plots.ts';

describe('a ratio', () => {
  test('has an axis that holds all intervals and 1, and marks 1', () => {
    for (const intervals of [
      [[0.97, 1.02]],
      [
        [0.04, 0.05],
        [1.7, 2],
      ],
      [[1e-5, 1e5]],
      [[0.5, 0.6]],
      [],
    ] as [number, number][][]) {
      const axis = ratioAxis([], intervals);
      expect(axis.ticks.map(({ value }) => value)).toContain(1);
      for (const bound of intervals.flat()) {
        expect(axis.at(bound)).toBeGreaterThanOrEqual(0);
        expect(axis.at(bound)).toBeLessThanOrEqual(100);
      }
      const places = axis.ticks.map(({ value }) => axis.at(value));
      for (const [index, place] of places.slice(1).entries()) expect(place - places[index]!).toBeGreaterThan(10.9);
    }
    const axis = ratioAxis([0.5, 2], [null]);
    expect(axis.at(0.5)).toBeCloseTo(100 - axis.at(2), 1);
    expect(axis.at(1)).toBeCloseTo(50, 1);
    expect(axis.ticks.map(({ text }) => text)).toEqual(['0.5', '0.7', '1', '1.4', '2']);
  });

  test('is drawn where it is', () => {
    const axis = ratioAxis([0.5, 2], []);
    const svg = parseHtml(ratioPlot(axis, 0.5, [0.5, 2], 0.05).text);
    const [dot] = all(svg, 'circle');
    expect(dot!.attributes.cx).toBe(`${axis.at(0.5)}%`);
    const bar = all(svg, 'line').find(({ attributes }) => attributes.class === 'ci');
    expect([bar!.attributes.x1, bar!.attributes.x2]).toEqual([`${axis.at(0.5)}%`, `${axis.at(2)}%`]);
    expect(all(parseHtml(ratioPlot(axis, null, null, undefined).text), 'circle')).toEqual([]);
  });
});

describe('an improvement', () => {
  const [claim] = exampleReport().claims as [Claim, ...Claim[]];
  const axis = improvementAxis(claim);

  test('has an axis that holds the claim, none, and the readings', () => {
    const marks = axis.ticks.map(({ text }) => text);
    expect(marks).toEqual(['0 %', '25 %', '50 %', '75 %', '100 %']);
    for (const { improvement } of claim.readings) expect(axis.at(improvement!)).toBeLessThan(100);
    expect(axis.at(0)).toBeGreaterThan(0);
    expect(axis.at(0.62)).toBeGreaterThan(axis.at(0.5));
  });

  test('is drawn beside what was claimed, and the margin around none', () => {
    const svg = parseHtml(improvementPlot(axis, claim.readings[0]!, 0.62, 0.05).text);
    const line = (name: string) => all(svg, 'line').filter(({ attributes }) => attributes.class === name);
    expect(line('claimed').map(({ attributes }) => attributes.x1)).toEqual([`${axis.at(0.62)}%`]);
    expect(line('one').map(({ attributes }) => attributes.x1)).toEqual([`${axis.at(0)}%`]);
    expect(all(svg, 'circle')[0]!.attributes.cx).toBe(`${axis.at(0.0219)}%`);
    expect(all(svg, 'rect')[0]!.attributes.x).toBe(`${axis.at(-0.05)}%`);
  });

  test('far worse or far better is drawn at the edge', () => {
    const wild = improvementAxis({ ...claim, readings: [{ ...claim.readings[0]!, improvement: -30, interval: [-40, 90] }] });
    expect([wild.at(-30), wild.at(90)]).toEqual([0, 100]);
    expect(wild.at(0)).toBeGreaterThan(20);
  });

  test('counts in multiples where more is better', () => {
    const streams = exampleReport().claims.find(({ measure }) => measure === 'concurrency')!;
    expect(improvementAxis(streams).ticks.map(({ text }) => text)).toEqual(['1×', '2×', '3×', '4×']);
  });
});

describe('a bar', () => {
  test('is as long as its amount, and carries its interval', () => {
    const svg = parseHtml(amountBar(30, [20, 40], 80).text);
    expect(all(svg, 'rect')[0]!.attributes.width).toBe('37.5%');
    expect(new Set(all(svg, 'line').flatMap(({ attributes }) => [attributes.x1, attributes.x2]))).toEqual(new Set(['25%', '50%']));
    expect(all(parseHtml(amountBar(null, null, 80).text), 'rect')).toEqual([]);
    expect(all(parseHtml(amountBar(5, null, 0).text), 'rect')[0]!.attributes.width).toBe('0%');
  });

  test('of parts is as long as these, each with its name', () => {
    const parts = [
      { name: 'a', value: 10 },
      { name: 'b', value: 30 },
      { name: 'residual', value: -5 },
    ];
    const svg = parseHtml(stackedBar(parts, 80, ({ name, value }) => `${name} ${value}`).text);
    expect(all(svg, 'rect').map(({ attributes }) => [attributes.x, attributes.width])).toEqual([
      ['0%', '12.5%'],
      ['12.5%', '37.5%'],
    ]);
    expect(all(svg, 'title').map(textOf)).toEqual(['a 10', 'b 30']);
    expect(all(parseHtml(stackedBar(parts, 0, () => '').text), 'rect')).toEqual([]);
  });
});
