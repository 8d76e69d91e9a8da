/**
 * Where an axis carries its marks: round numbers, as many as have room, on linear and on logarithmic axes. The pictures
 * in tables and the charts choose theirs here, so that a page reads as one hand's work.
 */

/** Where a value stands: 0 at the beginning of the axis, 1 at its end. */
export type Place = (value: number) => number;

/** Of the sets whose marks stand `gapMin` apart, the one that spans most of the axis; of about equals, the first. */
export function fittingTicks(sets: readonly (readonly number[])[], place: Place, gapMin: number): readonly number[] {
  let best: readonly number[] = [];
  let bestSpan = 0;
  for (const set of sets) {
    const inside = set.filter((tick) => place(tick) >= -1e-9 && place(tick) <= 1 + 1e-9);
    const gaps = inside.slice(1).map((tick, index) => place(tick) - place(inside[index] ?? tick));
    const span = gaps.reduce((sum, gap) => sum + gap, 0);
    if (Math.min(...gaps) >= gapMin && span > bestSpan * 1.2) {
      best = inside;
      bestSpan = span;
    }
  }
  return best;
}

/** Steps of 1, 2, 2.5 and 5 times a power of ten, as fine as has room. */
export function linearTicks(from: number, to: number, gapMin: number): readonly number[] {
  const [low, high] = [Math.min(from, to), Math.max(from, to)];
  if (!(high > low)) return [low];
  const finest = (high - low) * gapMin;
  const decade = 10 ** Math.floor(Math.log10(finest));
  const step = [1, 2, 2.5, 5, 10].map((digit) => digit * decade).find((size) => size >= finest * (1 - 1e-9)) ?? decade * 10;
  return multiples(step, low, high);
}

/** Over less than a decade equal steps, over more than that round numbers of each decade. */
export function logTicks(from: number, to: number, gapMin: number): readonly number[] {
  const place: Place = (value) => Math.log(value / from) / Math.log(to / from);
  const first = Math.floor(Math.log10(from));
  const decades = Array.from({ length: Math.ceil(Math.log10(to)) - first + 1 }, (_, index) => first + index);
  const ofDecades = (digits: readonly number[], every = 1) =>
    decades.filter((decade) => decade % every === 0).flatMap((decade) => digits.map((digit) => exact(digit * 10 ** decade)));
  const even = [20, 10, 8, 5, 4, 3, 2].map((parts) => linearTicks(from, to, 1 / parts));
  const sets = [
    ...(to / from < 10 ? even : []),
    ofDecades([1, 2, 5]),
    ofDecades([1, 3]),
    ofDecades([1]),
    ofDecades([1], 2),
    ofDecades([1], 3),
  ];
  return fittingTicks(sets, place, gapMin);
}

function multiples(step: number, low: number, high: number): number[] {
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => exact((first + index) * step));
}

/** Without the rest that binary fractions leave: 0.30000000000000004 is 0.3. */
function exact(value: number): number {
  return Number(value.toPrecision(12));
}
