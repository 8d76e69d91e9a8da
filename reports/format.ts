/**
 * How numbers are written, in every renderer: three significant digits, a unit that suits the size, and a dash for
 * what is not known. Nothing here ever writes "NaN", "null" or "Infinity".
 */
import type { Interval, Unit } from './report.ts';

export const UNKNOWN = '–';

/** A value in a scaled unit: 0.0031 ms is 3.1 of µs. */
interface Scale {
  factor: number;
  symbol: string;
}

const PLAIN: Scale = { factor: 1, symbol: '' };
/** From large to small: the first whose `from` the value reaches. */
const SCALES: Readonly<Record<Unit, readonly (Scale & { from: number })[]>> = {
  ms: [
    { from: 1_000, factor: 1e-3, symbol: ' s' },
    { from: 1, factor: 1, symbol: ' ms' },
    { from: 0, factor: 1e3, symbol: ' µs' },
  ],
  us: [
    { from: 1e6, factor: 1e-6, symbol: ' s' },
    { from: 1e3, factor: 1e-3, symbol: ' ms' },
    { from: 0, factor: 1, symbol: ' µs' },
  ],
  s: [
    { from: 1, factor: 1, symbol: ' s' },
    { from: 1e-3, factor: 1e3, symbol: ' ms' },
    { from: 0, factor: 1e6, symbol: ' µs' },
  ],
  B: bytes(''),
  'B/token': bytes('/token'),
  'B/turn': bytes('/turn'),
  'us/token': [{ from: 0, factor: 1, symbol: ' µs/token' }],
  'ms/turn': [
    { from: 1, factor: 1, symbol: ' ms/turn' },
    { from: 0, factor: 1e3, symbol: ' µs/turn' },
  ],
  '1/s': [{ from: 0, factor: 1, symbol: ' /s' }],
  '1': [{ from: 0, ...PLAIN }],
  fraction: [{ from: 0, factor: 100, symbol: ' %' }],
  streams: [{ from: 0, factor: 1, symbol: ' streams' }],
};

function bytes(per: string): readonly (Scale & { from: number })[] {
  return [
    { from: 1e9, factor: 1e-9, symbol: ` GB${per}` },
    { from: 1e6, factor: 1e-6, symbol: ` MB${per}` },
    { from: 1e3, factor: 1e-3, symbol: ` kB${per}` },
    { from: 0, factor: 1, symbol: ` B${per}` },
  ];
}

/** Three significant digits, thousands parted: `0.00312`, `85.0`, `12,300`; `0` is exact. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  if (value === 0) return '0';
  const rounded = Number(value.toPrecision(3));
  const size = Math.abs(rounded);
  if (size >= 1e15) return minus(value.toExponential(2));
  if (size >= 1_000) return minus(group(String(Math.round(rounded))));
  if (size < 1e-6) return minus(value.toExponential(2));
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(size)));
  return minus(rounded.toFixed(decimals));
}

/** A whole number in full. */
export function count(value: number): string {
  return Number.isFinite(value) ? minus(group(String(Math.round(value)))) : UNKNOWN;
}

export function quantity(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  const scale = scaleOf(value, unit);
  return `${scaled(value, unit, scale)}${scale.symbol}`;
}

/** `200 µs`, `1 s`, `0`: for axes, without digits that only say that others are 0. */
export function brief(value: number, unit: Unit): string {
  if (value === 0) return '0';
  return quantity(value, unit)
    .replace(/(\.\d*?)0+(?!\d)/, '$1')
    .replace(/\.(?!\d)/, '');
}

/** `852 ms [840, 866]`: the bounds in the estimate's scale, whose unit stands once. */
export function withInterval(value: number | null | undefined, interval: Interval | null | undefined, unit: Unit): string {
  const text = quantity(value, unit);
  if (text === UNKNOWN || !interval || value === null || value === undefined) return text;
  return `${text} ${bounds(interval, unit, value)}`;
}

/** `+12.1 µs/turn [9.80, 14.4]`: a difference says which way it goes. Of percentages it is in points. */
export function signed(value: number | null | undefined, interval: Interval | null | undefined, unit: Unit): string {
  const text = withInterval(value, interval, unit).replace(' %', ' pp');
  return value !== null && value !== undefined && value > 0 && text !== UNKNOWN ? `+${text}` : text;
}

/** `[840, 866]`; `exact` where the interval has no width. */
export function bounds(interval: Interval, unit: Unit, around: number): string {
  if (interval[0] === interval[1]) return 'exact';
  const scale = scaleOf(around, unit);
  return `[${scaled(interval[0], unit, scale)}, ${scaled(interval[1], unit, scale)}]`;
}

/** `0.376 [0.351, 0.402]`: three decimals around 1, where the third matters, else three digits. */
export function ratio(value: number | null | undefined, interval: Interval | null | undefined): string {
  const text = times(value);
  if (text === UNKNOWN || !interval) return text;
  return interval[0] === interval[1] ? `${text} exact` : `${text} [${times(interval[0])}, ${times(interval[1])}]`;
}

function times(value: number | null | undefined): string {
  return value !== null && value !== undefined && value >= 0.1 && value < 9.9995 ? value.toFixed(3) : number(value);
}

/**
 * `62.0 % lower`, `12.0 % higher` for a negative one; where higher is better and it doubled or more, `4.00×`.
 * Of a measure that is not in the catalogue only better or worse can be said.
 */
export function improvement(value: number | null, interval: Interval | null, direction: 'lower' | 'higher' | undefined): string {
  if (value === null || !Number.isFinite(value)) return UNKNOWN;
  if (direction === 'higher' && value >= 1) {
    return `${number(value + 1)}×${interval ? ` ${bounds([interval[0] + 1, interval[1] + 1], '1', value + 1)}` : ''}`;
  }
  const [good, bad] = direction === undefined ? ['better', 'worse'] : direction === 'lower' ? ['lower', 'higher'] : ['higher', 'lower'];
  const sign = value < 0 ? -1 : 1;
  const text = `${quantity(Math.abs(value), 'fraction')} ${value < 0 ? bad : good}`;
  if (!interval) return text;
  const [a, b] = [interval[0] * sign, interval[1] * sign];
  return `${text} ${bounds([Math.min(a, b), Math.max(a, b)], 'fraction', value)}`;
}

/** `4 min 12 s`, `850 ms`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return UNKNOWN;
  if (ms < 60_000) return quantity(ms, 'ms');
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function scaleOf(value: number, unit: Unit): Scale {
  const scales = SCALES[unit];
  // Rounded first, so that 999.6 ms is 1.00 s and not 1,000 ms.
  const size = value === 0 ? 0 : Math.abs(Number(value.toPrecision(3)));
  if (size === 0) return scales.find((scale) => scale.factor === 1) ?? PLAIN;
  return scales.find((scale) => size >= scale.from) ?? PLAIN;
}

function scaled(value: number, unit: Unit, scale: Scale): string {
  if (unit === 'streams' && Number.isSafeInteger(value)) return count(value);
  const size = value * scale.factor;
  // Of the largest doubles a percentage overflows.
  return number(Number.isFinite(size) ? size : value);
}

function group(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** The typographic minus, as wide as a digit. */
function minus(text: string): string {
  return text.replace('-', '−');
}
