/**
 * ECharts' SVG, made fit to share a page with others.
 *
 * ECharts writes for a page of its own: ids and classes that collide where several drawings stand together, a style sheet,
 * data for scripts, and the same attributes on every element. What comes out of here has none of that: shapes and texts
 * alone, in elements and attributes that are listed below, positions to a tenth of a pixel, what is drawn alike in one
 * path. Whatever else ECharts may come to write is left out.
 *
 * The page says the rest by style: `fill="none"` on the drawing, and texts centred on their baseline, quiet, with a halo.
 */
import { FONT_SIZE, INK } from './ink.ts';

const SHAPES = new Set(['path', 'text', 'rect', 'circle', 'line', 'polyline', 'polygon', 'ellipse']);
const ATTRIBUTES = new Set([
  ...['d', 'x', 'y', 'width', 'height', 'cx', 'cy', 'r', 'rx', 'ry', 'x1', 'y1', 'x2', 'y2', 'points', 'transform'],
  ...['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'opacity', 'fill-opacity', 'stroke-opacity', 'text-anchor'],
]);
/** Whole contents that are not drawn. */
const HIDDEN = /<(defs|style)\b[^>]*>.*?<\/\1>/gs;
const TOKEN = /<(\/?)([a-zA-Z]+)((?:\s+[\w:-]+="[^"]*")*)\s*\/?>|([^<]+)/g;

interface Shape {
  name: string;
  attributes: Map<string, string>;
  /** Escaped, as it stood. */
  text: string;
}

export function cleaned(svg: string): string {
  const shapes: Shape[] = [];
  for (const shape of shapesOf(svg).map(tidied)) {
    const last = shapes.at(-1);
    if (last && alike(last, shape)) last.attributes.set('d', `${last.attributes.get('d')}${shape.attributes.get('d')}`);
    else shapes.push(shape);
  }
  return shapes.map(written).join('');
}

function shapesOf(svg: string): Shape[] {
  const shapes: Shape[] = [];
  let open: Shape | undefined;
  for (const [, closing, name, attributes = '', text] of svg.replace(HIDDEN, '').matchAll(TOKEN)) {
    if (text !== undefined) {
      if (open) open.text += text;
    } else if (name !== undefined && closing) {
      open = undefined;
    } else if (name !== undefined && SHAPES.has(name)) {
      const shape = { name, attributes: attributesOf(attributes), text: '' };
      if (name === 'text') open = shape;
      // ECharts lays an invisible sheet under everything.
      if (name === 'text' || shape.attributes.has('fill') || shape.attributes.has('stroke')) shapes.push(shape);
    }
  }
  return shapes;
}

function attributesOf(source: string): Map<string, string> {
  const kept = new Map<string, string>();
  for (const [, name = '', value = ''] of source.matchAll(/([\w:-]+)="([^"]*)"/g)) {
    if (name === 'style') for (const [key, of] of styles(value)) kept.set(key, of);
    else if (ATTRIBUTES.has(name) && !(name === 'fill' && value === 'none')) kept.set(name, isColor(name) ? value : rounded(value));
  }
  return kept;
}

const isColor = (name: string): boolean => name === 'fill' || name === 'stroke';

/** Of a text's style, what differs from all other texts. */
function styles(style: string): [string, string][] {
  const [, size] = style.match(/font-size:([\d.]+)px/) ?? [];
  const [, weight] = style.match(/font-weight:(\w+)/) ?? [];
  return [
    ...(size === undefined || Number(size) === FONT_SIZE ? [] : [['font-size', size] as [string, string]]),
    ...(weight === undefined || weight === 'normal' ? [] : [['font-weight', weight] as [string, string]]),
  ];
}

/** A tenth of a pixel is seen by nobody. */
function rounded(text: string): string {
  return text.replace(/-?\d+\.\d+/g, (digits) => String(tenth(Number(digits))));
}

const tenth = (value: number): number => Number(value.toFixed(1));

function tidied(shape: Shape): Shape {
  const { name, attributes } = shape;
  if (name === 'text') {
    const moved = attributes.get('transform')?.match(/^translate\((-?[\d.]+) (-?[\d.]+)\)$/);
    if (moved) {
      attributes.delete('transform');
      for (const [index, axis] of ['x', 'y'].entries())
        attributes.set(axis, String(tenth(Number(attributes.get(axis) ?? 0) + Number(moved[index + 1]))));
    }
    if (attributes.get('text-anchor') === 'start') attributes.delete('text-anchor');
    if (attributes.get('fill') === INK.quiet) attributes.delete('fill');
  }
  const d = attributes.get('d');
  if (d !== undefined && /^[ML\d. -]*$/.test(d)) attributes.set('d', shortened(d));
  return shape;
}

/** Straight lines by what changes from point to point. Summed up from rounded points, so that nothing drifts. */
function shortened(d: string): string {
  return [...d.matchAll(/M[^M]*/g)].map(([line]) => relative(simplified(pointsOf(line)))).join('');
}

type Point = readonly [x: number, y: number];

function pointsOf(line: string): Point[] {
  return [...line.matchAll(/(-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
}

/** So far off a straight line nobody sees a point, pixels. */
const UNSEEN = 0.25;

/** Ramer, Douglas and Peucker: a line needs no point that lies on the way between two others. */
function simplified(points: readonly Point[]): readonly Point[] {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || points.length < 3) return points;
  const distances = points.map((point) => distance(point, first, last));
  const farthest = Math.max(...distances);
  if (farthest <= UNSEEN) return [first, last];
  const at = distances.indexOf(farthest);
  return [...simplified(points.slice(0, at + 1)).slice(0, -1), ...simplified(points.slice(at))];
}

/** From a point to the stretch between two others. */
function distance([x, y]: Point, [fromX, fromY]: Point, [toX, toY]: Point): number {
  const [dx, dy] = [toX - fromX, toY - fromY];
  const squared = dx ** 2 + dy ** 2;
  const share = squared === 0 ? 0 : Math.min(1, Math.max(0, ((x - fromX) * dx + (y - fromY) * dy) / squared));
  return Math.hypot(x - fromX - share * dx, y - fromY - share * dy);
}

function relative(points: readonly Point[]): string {
  return points
    .map(([x, y], index) => {
      const before = points[index - 1];
      if (!before) return `M${x} ${y}`;
      const [dx, dy] = [tenth(x - before[0]), tenth(y - before[1])];
      if (dy === 0) return `h${dx}`;
      return dx === 0 ? `v${dy}` : `l${dx}${dy < 0 ? '' : ' '}${dy}`;
    })
    .join('');
}

/** Open lines of one look can be one path. */
function alike(a: Shape, b: Shape): boolean {
  if (a.name !== 'path' || b.name !== 'path' || a.attributes.size !== b.attributes.size) return false;
  return [...a.attributes].every(([name, value]) =>
    name === 'd' ? !value.includes('Z') : b.attributes.get(name) === value && name !== 'transform',
  );
}

function written({ name, attributes, text }: Shape): string {
  const list = [...attributes].map(([key, value]) => ` ${key}="${value}"`).join('');
  return name === 'text' ? `<text${list}>${text}</text>` : `<${name}${list}/>`;
}
