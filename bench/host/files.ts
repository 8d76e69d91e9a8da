/** How this folder reads the kernel's text files, so that its tests can read them from fixtures. */
import { readdirSync, readFileSync } from 'node:fs';

export interface HostFiles {
  /** `undefined` where the file does not exist, or vanished (a thread's does when the thread ends). */
  text(path: string): string | undefined;
  /** Names in a folder; empty where there is none. */
  names(folder: string): readonly string[];
}

export const HOST_FILES: HostFiles = Object.freeze({
  text(path: string): string | undefined {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
  names(folder: string): readonly string[] {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  },
});

/** The value of `name:` in one of the files that the kernel writes as `Name:\tvalue` lines. */
export function field(text: string | undefined, name: string): string | undefined {
  if (text === undefined) return undefined;
  const start = text.startsWith(`${name}:`) ? 0 : text.indexOf(`\n${name}:`) + 1;
  if (start === 0 && !text.startsWith(`${name}:`)) return undefined;
  const end = text.indexOf('\n', start);
  return text.slice(start + name.length + 1, end === -1 ? undefined : end).trim();
}
