/** The gateway's log: JSON lines on standard error or in a file. Never content; secrets are cut out by name. */
import { openSync } from 'node:fs';
import { pino } from 'pino';

export type Log = pino.Logger;

const SECRET_KEYS = ['authorization', 'env', 'token', 'tokens', 'apiKey', 'headers', 'content', 'input'];
const STDERR = 2;

export interface LogOptions {
  level: string;
  file?: string | undefined;
}

/**
 * @returns the log, and how to write out what it holds before the process ends.
 * @throws when the file cannot be written.
 */
export function openLog({ level, file }: LogOptions): { log: Log; flush: () => void } {
  const destination = pino.destination({ dest: file === undefined ? STDERR : openSync(file, 'a', 0o600), sync: false });
  const redact = { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: '[secret]' };
  return {
    log: pino({ level, redact, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, destination),
    flush: () => destination.flushSync(),
  };
}
