/** The files of a rolling log, as pino-roll names them: numbered before their extension, `log` where they have none. */
import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Those that are there, oldest first. */
export function logFiles(file: string): string[] {
  const [, stem = '', extension = ''] = /^(.*?)(?:\.([^.]*))?$/s.exec(basename(file)) ?? [];
  const before = `${stem}.`;
  const after = `.${extension === '' ? 'log' : extension}`;
  return readdirSync(dirname(file))
    .flatMap((name) => {
      if (!name.startsWith(before) || !name.endsWith(after)) return [];
      const number = name.slice(before.length, -after.length);
      return /^[1-9]\d{0,14}$/.test(number) ? [{ path: join(dirname(file), name), number: Number(number) }] : [];
    })
    .sort((a, b) => a.number - b.number)
    .map(({ path }) => path);
}

/** Removes the oldest beyond `filesMax`. */
export function pruneLogFiles(file: string, filesMax: number): void {
  for (const path of logFiles(file).slice(0, -filesMax)) rmSync(path, { force: true });
}
