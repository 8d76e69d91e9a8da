/**
 * What charts are drawn with. Colours are CSS variables, which SVG's presentation attributes may name: one drawing
 * serves the light page, the dark one and paper (`html/style.ts` says what they are there).
 *
 * Colour never tells things apart alone: lines also differ by their dashes and carry a letter, bars have their number.
 */

/** So many lines are told apart; more would be a tangle, and are parted into several charts. */
export const LINES_MAX = 8;

export interface Stroke {
  color: string;
  /** Lengths of dash and gap; empty: solid. */
  dash: readonly number[];
}

const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 2], [10, 3, 2, 3], [4, 4], [12, 4], [7, 2, 2, 2, 2, 2], [1, 4]];

export function strokeOf(index: number): Stroke {
  const n = index % LINES_MAX;
  return { color: `var(--line-${n})`, dash: DASHES[n] ?? [] };
}

export const INK = {
  text: 'var(--ink)',
  quiet: 'var(--muted)',
  grid: 'var(--line)',
  paper: 'var(--paper)',
  good: 'var(--good)',
  bad: 'var(--bad)',
  limit: 'var(--bad)',
  same: 'var(--same)',
  whole: 'var(--whole)',
} as const;

export const FONT_SIZE = 12;
/** Of a character of that size in the widest of the page's fonts; labels are cut by it where they must share a line. */
export const CHARACTER_WIDTH = 7.7;

export function clip(text: string, width: number): string {
  const characters = [...text];
  const room = Math.max(1, Math.floor(width / CHARACTER_WIDTH));
  return characters.length <= room ? text : `${characters.slice(0, room - 1).join('')}…`;
}
