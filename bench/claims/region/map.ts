/** A model's predictions over two conditions, its error against what was measured, and where a claim would hold. */
import { improvement, number } from '../../../reports/format.ts';
import type { Region } from '../../../reports/report.ts';

export type Axis = Region['x'];

export interface Point {
  x: number;
  y: number;
  /** As measured. */
  improvement: number;
}

/** The improvement at a point; `null`: beyond what the model may say. */
export type Predict = (x: number, y: number) => number | null;

export function mapOf(
  x: Axis,
  y: Axis,
  predict: Predict,
  measured: readonly Point[],
): Pick<Region, 'x' | 'y' | 'improvement' | 'measured' | 'errorMax'> {
  const errors = measured.flatMap((point) => {
    const predicted = predict(point.x, point.y);
    return predicted === null ? [] : [Math.abs(predicted - point.improvement)];
  });
  return {
    x,
    y,
    improvement: y.values.map((atY) => x.values.map((atX) => predict(atX, atY))),
    measured,
    errorMax: errors.length === 0 ? null : Math.max(...errors),
  };
}

export type Map2 = Pick<Region, 'x' | 'y' | 'improvement'>;

/** Where in the map the claim would hold, as far as the map alone can say it. */
export function sentenceOf(map: Map2, claimed: number, direction: 'lower' | 'higher'): string {
  const { x, y } = map;
  const cells = map.improvement.flatMap((row, j) =>
    row.flatMap((value, i) => (value === null ? [] : [{ x: x.values[i]!, y: y.values[j]!, value }])),
  );
  const holding = cells.filter(({ value }) => value >= claimed);
  const top = cells.reduce<(typeof cells)[number] | undefined>((most, cell) => (most && most.value >= cell.value ? most : cell), undefined);
  if (!top) return 'The model says nothing about this range.';
  if (top.value <= 0) return 'It would hold nowhere in this range: there is no gain anywhere in it.';
  if (holding.length === 0) {
    return `It would hold nowhere in this range: the best that it comes to is ${improvement(top.value, null, direction)}, at ${text(x, top.x)} and ${text(y, top.y)}.`;
  }
  if (holding.length === cells.length) return 'It would hold everywhere in this range.';
  const xs = holding.map((cell) => cell.x);
  const ys = holding.map((cell) => cell.y);
  const box = cells.filter((cell) => within(cell.x, xs) && within(cell.y, ys));
  const where = `${span(x, xs)} and ${span(y, ys)}`;
  return box.length === holding.length
    ? `It would hold only for ${where}.`
    : `It would hold only for ${where}, and there in ${holding.length} of ${box.length} conditions that the map shows.`;
}

function within(value: number, values: readonly number[]): boolean {
  return value >= Math.min(...values) && value <= Math.max(...values);
}

/** `20 tokens a reply`. */
function text({ name, unit }: Axis, value: number): string {
  return unit === '' ? `${plain(value)} ${name}` : `a ${name} of ${plain(value)} ${unit}`;
}

/** As people write the values of an axis: without digits that only say how exact they are. */
function plain(value: number): string {
  return number(value).replace(/\.0+$/, '');
}

function span(axis: Axis, values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const { name, unit } = axis;
  const all = low === axis.values[0] && high === axis.values.at(-1);
  if (all) return `any ${unit === '' ? `number of ${name}` : name}`;
  if (low === high) return text(axis, low);
  const to = `${plain(low)} to ${plain(high)}`;
  return unit === '' ? `${to} ${name}` : `a ${name} of ${to} ${unit}`;
}
