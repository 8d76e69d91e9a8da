/** Numbers and times as the live page writes them: three figures that mean something, and a unit. */

/** Milliseconds, in the unit that fits. */
export function duration(ms: number): string {
  if (ms === 0) return '0 ms';
  if (ms < 0.9995) return `${Math.round(ms * 1e3)} µs`;
  if (ms < 999.5) return `${figures(ms)} ms`;
  return ms < 119_950 ? `${figures(ms / 1e3)} s` : `${Math.round(ms / 60_000)} min`;
}

export function quantity(value: number): string {
  if (value < 9_999.5) return figures(value);
  return value < 999_500 ? `${figures(value / 1e3)}k` : `${figures(value / 1e6)}M`;
}

export function cores(value: number): string {
  return `${figures(value * 100)} %`;
}

export function bytes(value: number): string {
  return value < 1e9 ? `${figures(value / 1e6)} MB` : `${figures(value / 1e9)} GB`;
}

/** Of the clock on the wall where the page is read. */
export function clockTime(atMs: number): string {
  const date = new Date(atMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

function figures(value: number): string {
  if (value === 0) return '0';
  const digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  const text = value.toFixed(digits);
  return digits === 0 ? text : text.replace(/\.?0+$/, '');
}

/** Names as the feed has them, as people read them: `upstreamFirstToken` is `upstream first token`. */
export function words(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** A, B, … Z, AA, … */
export function letterOf(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : `${letterOf(Math.floor(index / 26) - 1)}${letterOf(index % 26)}`;
}
