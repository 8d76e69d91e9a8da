/** A gateway's log on disk: which files it is, oldest first, and its lines. */
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * The files that a log configured as `file` has: numbered before their extension, which is `log` where it has none.
 * A file of just that name, without numbers (standard error put into a file, say), where there are no others.
 */
export function logFilesOf(file: string): string[] {
  const numbered = numberedFiles(file).map(({ path }) => path);
  return numbered.length === 0 && existsSync(file) ? [file] : numbered;
}

export function numberedFiles(file: string): { path: string; number: number }[] {
  const [, stem = '', extension = ''] = /^(.*?)(?:\.([^.]*))?$/s.exec(basename(file)) ?? [];
  const [before, after] = [`${stem}.`, `.${extension === '' ? 'log' : extension}`];
  let names: readonly string[];
  try {
    names = readdirSync(dirname(file));
  } catch {
    return [];
  }
  return names
    .filter((name) => name.startsWith(before) && name.endsWith(after))
    .map((name) => ({ path: join(dirname(file), name), digits: name.slice(before.length, -after.length) }))
    .filter(({ digits }) => /^[1-9]\d{0,14}$/.test(digits))
    .map(({ path, digits }) => ({ path, number: Number(digits) }))
    .sort((a, b) => a.number - b.number);
}

/** How much of each file there is now, by its path. */
export function sizesOf(paths: readonly string[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const path of paths) {
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size !== undefined) sizes.set(path, size);
  }
  return sizes;
}

/** Lines of files, one after the other, up to what each had when it was looked at. One that vanished since has none. */
export async function* linesOf(sizes: ReadonlyMap<string, number>): AsyncGenerator<string> {
  for (const [path, size] of sizes) {
    if (size === 0) continue;
    const stream = createReadStream(path, { encoding: 'utf8', end: size - 1 });
    const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
    try {
      yield* lines;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    } finally {
      lines.close();
      stream.destroy();
    }
  }
}
