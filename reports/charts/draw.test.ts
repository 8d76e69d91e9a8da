import { describe, expect, test } from 'vitest';
import { all, everything, parseMarkup, textOf } from '../testing/markup.ts';
import { draw } from './draw.ts';

const HOSTILE = `<script>alert(1)</script> "'&amp; {a|b} {b}`;
const option = (name: string) => ({
  grid: { outerBoundsMode: 'none' as const, left: 20, right: 20, top: 20, bottom: 20 },
  xAxis: { type: 'value' as const, min: 0, max: 10 },
  yAxis: { type: 'value' as const, min: 0, max: 1, axisLabel: { formatter: () => name } },
  series: [
    {
      type: 'line' as const,
      symbol: 'none',
      silent: true,
      lineStyle: { color: 'var(--line-0)', type: [4, 2] },
      data: [
        [0, 0],
        [5, 0.3],
        [10, 1],
      ],
    },
  ],
});

describe('a drawing', () => {
  const { markup } = draw(option('name'), { width: 220, height: 140 });
  const root = parseMarkup(`<svg>${markup}</svg>`);

  test('has lines where the data are, in a colour that the page decides on', () => {
    const lines = all(root, 'path').filter(({ attributes }) => attributes.stroke === 'var(--line-0)');
    expect(lines.map(({ attributes }) => [attributes.d, attributes['stroke-dasharray']])).toEqual([['M20 120l90-30l90-70', '4,2']]);
  });

  test('has nothing that could clash with another on the page, or that only a script needs', () => {
    const names = new Set(everything(root).flatMap(({ attributes }) => Object.keys(attributes)));
    for (const name of ['id', 'class', 'style', 'clip-path', 'pointer-events']) expect(names).not.toContain(name);
    expect(new Set(everything(root).map(({ name }) => name))).toEqual(new Set(['', 'svg', 'path', 'text']));
    expect(markup).not.toMatch(/ecmeta|xml:|url\(|CDATA/);
  });

  test('is the same each time', () => {
    expect(draw(option('name'), { width: 220, height: 140 }).markup).toBe(markup);
  });

  test('says what it is given, whatever that is', () => {
    const hostile = parseMarkup(`<svg>${draw(option(HOSTILE), { width: 220, height: 140 }).markup}</svg>`);
    expect(all(hostile, 'script')).toEqual([]);
    expect(all(hostile, 'text').map(textOf)).toContain(HOSTILE);
  });
});
