/** What a drawing shows and where, for tests: its texts, and its paths as points. */
import type { Drawing } from '../charts/draw.ts';
import { all, parseMarkup, textOf } from './markup.ts';

export interface DrawnText {
  text: string;
  x: number;
  y: number;
}

export interface DrawnPath {
  fill: string;
  stroke: string;
  dash: string;
  points: readonly (readonly [x: number, y: number])[];
}

const rootOf = ({ markup }: Drawing) => parseMarkup(`<svg>${markup}</svg>`);

export function textsOf(drawing: Drawing): DrawnText[] {
  return all(rootOf(drawing), 'text').map((element) => {
    const { x, y } = element.attributes;
    return { text: textOf(element), x: Number(x), y: Number(y) };
  });
}

/** Lines that are drawn alike stand in one element; here each stands for itself. */
export function pathsOf(drawing: Drawing): DrawnPath[] {
  return all(rootOf(drawing), 'path').flatMap(({ attributes }) =>
    [...(attributes.d ?? '').matchAll(/M[^M]*/g)].map(([line]) => ({
      fill: attributes.fill ?? '',
      stroke: attributes.stroke ?? '',
      dash: attributes['stroke-dasharray'] ?? '',
      points: pointsOf(line, attributes.transform ?? ''),
    })),
  );
}

/** Left, right and vertical middle of the filled shapes of a colour. */
export function barsOf(drawing: Drawing, color: string): { from: number; to: number; middle: number }[] {
  return pathsOf(drawing)
    .filter(({ fill }) => fill === color)
    .map(({ points }) => {
      const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
      return { from: Math.min(...xs), to: Math.max(...xs), middle: (Math.min(...ys) + Math.max(...ys)) / 2 };
    });
}

/** Straight lines, which is all that the charts draw besides marks; of arcs the ends. */
function pointsOf(d: string, transform: string): [number, number][] {
  const [a = 1, , , b = 1, dx = 0, dy = 0] = transform.match(/-?[\d.]+/g)?.map(Number) ?? [];
  const points: [number, number][] = [];
  for (const [, command = '', list = ''] of d.matchAll(/([A-Za-z])([^A-Za-z]*)/g)) {
    const numbers = list.match(/-?[\d.]+/g)?.map(Number) ?? [];
    const [x = 0, y = 0] = numbers.slice(-2);
    const [lastX, lastY] = points.at(-1) ?? [0, 0];
    if (command === 'h') points.push([lastX + x, lastY]);
    else if (command === 'v') points.push([lastX, lastY + x]);
    else if (command === 'l') points.push([lastX + x, lastY + y]);
    else if (command !== 'Z') points.push([x, y]);
  }
  return points.map(([x, y]) => [a * x + dx, b * y + dy]);
}
