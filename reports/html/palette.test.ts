import { describe, expect, test } from 'vitest';
import { INK, LINES_MAX, strokeOf } from '../charts/ink.ts';
import { PALETTES } from './palette.ts';
import { colorOf, PARTS_MAX } from './plots.ts';
import { STYLE } from './style.ts';

/** WCAG 2.2: relative luminance, and the ratio of two. */
function luminance(color: string): number {
  const channels = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255);
  const [r, g, b] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const TEXT = ['ink', 'muted', 'link', 'good', 'bad', 'unsure', 'same'];
const GROUNDS = ['paper', 'panel'];
const LINES = Array.from({ length: LINES_MAX }, (_, index) => `line-${index}`);
const DRAWN = ['whole', 'good', 'bad', 'same', ...Array.from({ length: PARTS_MAX }, (_, index) => `part-${index}`)];

test('contrast is computed as the guidelines do', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2);
});

describe.each(Object.entries(PALETTES))('%s', (_, palette) => {
  const of = (name: string) => palette[name] ?? 'missing';

  // The lines' letters are text as well.
  test.each([...TEXT, ...LINES])('text in %s can be read', (name) => {
    for (const ground of GROUNDS) expect(contrast(of(name), of(ground)), ground).toBeGreaterThanOrEqual(4.5);
  });

  test.each(['held', 'part', 'against', 'band'])('text on %s can be read', (ground) => {
    expect(contrast(of('ink'), of(ground))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(DRAWN)('%s stands off the paper', (name) => {
    expect(contrast(of(name), of('paper'))).toBeGreaterThanOrEqual(3);
  });
});

test('both schemes have the same names, and all that is drawn with is among them', () => {
  expect(Object.keys(PALETTES.dark)).toEqual(Object.keys(PALETTES.light));
  const drawn = [...Object.values(INK), ...LINES.map((_, index) => strokeOf(index).color), ...DRAWN.map((_, index) => colorOf(index))];
  const used = [...drawn, ...[...STYLE.matchAll(/var\(--([\w-]+)\)/g)].map(([whole]) => whole)];
  const names = new Set([...Object.keys(PALETTES.light), 'mark'].map((name) => `var(--${name})`));
  for (const color of used) expect(names).toContain(color);
});
