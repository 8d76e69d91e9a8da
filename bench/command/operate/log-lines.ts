/**
 * Lines of a gateway's log, read and shown. They are JSON by pino; what is none (a crash that Node itself reported, in a
 * file that standard error goes to) is shown as it is.
 */
import { prettyFactory } from 'pino-pretty';

/** By name, as pino numbers them. */
export const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const;
export type Level = keyof typeof LEVELS;
export const LEVEL_NAMES = Object.keys(LEVELS) as readonly Level[];

export type LogLine = { level: number; fields: Readonly<Record<string, unknown>>; text: string } | { level: undefined; text: string };

export function readLogLine(text: string): LogLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { level: undefined, text };
  }
  if (typeof value !== 'object' || value === null || !('level' in value) || typeof value.level !== 'number') {
    return { level: undefined, text };
  }
  return { level: value.level, fields: { ...value }, text };
}

/** Of this level or above; lines without a level always. */
export function isAtLeast(line: LogLine, level: Level): boolean {
  return line.level === undefined || line.level >= LEVELS[level];
}

/** Shows a line as people read it, stacks included, and without what a terminal would obey. Ends with a newline. */
export function prettyLine(color: boolean): (line: LogLine) => string {
  const pretty = prettyFactory({ colorize: color, translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l', ignore: 'pid' });
  return (line) => {
    if (line.level === undefined) return `${harmless(line.text)}\n`;
    try {
      const shown = pretty(harmlessThroughout(line.fields));
      return shown.endsWith('\n') ? shown : `${shown}\n`;
    } catch {
      // It stumbles over fields that are called as a method of every object is.
      return `${harmless(line.text)}\n`;
    }
  };
}

/** What a client or an agent put into a message must not move the cursor: control characters are shown as such. */
function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '\n' || character === '\t' ? character : `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
}

/** A JSON value with all its texts, names of fields included, made harmless. */
function harmlessThroughout(value: unknown): unknown {
  if (typeof value === 'string') return harmless(value);
  if (Array.isArray(value)) return value.map(harmlessThroughout);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [harmless(name), harmlessThroughout(inner)]));
}

/** The stack of a logged error, if it has one. */
export function stackOf(line: LogLine): string | undefined {
  if (line.level === undefined) return undefined;
  const { err } = line.fields;
  const stack = typeof err === 'object' && err !== null && 'stack' in err ? err.stack : undefined;
  return typeof stack === 'string' && stack !== '' ? stack : undefined;
}
