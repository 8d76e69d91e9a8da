/**
 * Finds processes by a variable in the environment that they were started with, which children inherit whatever group,
 * session or parent they have come to. Linux only: elsewhere nothing is found.
 *
 * Not found is what has started with another environment (`env -i`), overwritten its own (as programs do that change
 * their title at length), or runs as another user. Those are beyond what a process without privileges can hold on to.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

/** A killed process takes a moment to be gone, and may have started another: they are looked for again, so often. */
const PASSES_MAX = 50;
const PASS_INTERVAL_MS = 10;

/** `NAME=value`; with `prefix`, any value that begins so. */
export interface Marker {
  name: string;
  value: string;
  prefix?: boolean;
}

/** @returns how many were still there in the last pass: 0, unless they start faster than they are found */
export async function killMarked(marker: Marker): Promise<number> {
  let found: number[] = [];
  for (let pass = 0; pass < PASSES_MAX; pass += 1) {
    found = await marked(marker);
    if (found.length === 0) return 0;
    if (pass > 0) await setTimeout(PASS_INTERVAL_MS);
    for (const pid of found) kill(pid, 'SIGKILL');
  }
  return found.length;
}

/** Process ids, this process not among them. One that has ended and waits for its parent has no environment. */
export async function marked({ name, value, prefix = false }: Marker): Promise<number[]> {
  if (process.platform !== 'linux') return [];
  const wanted = `\0${name}=${value}${prefix ? '' : '\0'}`;
  const found: number[] = [];
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!Number.isSafeInteger(pid) || pid === process.pid) continue;
    // Gone meanwhile, or another user's.
    const environment = await readFile(`/proc/${entry}/environ`, 'latin1').catch(() => '');
    if (`\0${environment}`.includes(wanted)) found.push(pid);
  }
  return found;
}

/** A negative id is a process group. What is gone needs no signal, and what has become another user's can be sent none. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
