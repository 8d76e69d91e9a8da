/**
 * Threads as the operating system has them: found, named and given their priority from the main thread, since a thread
 * that runs agents may read nothing beneath `/proc` (one link there leads to all files and to the process's environment).
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

const TASKS = '/proc/self/task';
/** What Node calls a worker thread. */
const UNNAMED = 'WorkerThread';

export function osThreads(): ReadonlySet<string> {
  return new Set(process.platform === 'linux' ? readdirSync(TASKS) : []);
}

/** Those that were started between two moments: more than one where a library starts its own just then. */
export function newOsThreads(before: ReadonlySet<string>): string[] {
  return [...osThreads()].filter((id) => !before.has(id));
}

/** The one that is a worker, of some candidates, once it runs. Named so that `ps -T` shows it. */
export function nameOsThread(candidates: readonly string[], name: string): number | null {
  const workers = candidates.filter((id) => nameOf(id) === UNNAMED);
  if (workers.length !== 1) return null;
  const [id] = workers as [string];
  try {
    writeFileSync(`${TASKS}/${id}/comm`, name);
  } catch {
    // It is gone, or names cannot be given here: it runs as well without.
  }
  return Number(id);
}

/** @param niceness 0 is as the others, 19 the least. Of no effect where single threads have none. */
export function lowerPriority(osThreadId: number, niceness: number): void {
  try {
    setPriority(osThreadId, niceness);
  } catch {
    // It is gone.
  }
}

function nameOf(id: string): string | undefined {
  try {
    return readFileSync(`${TASKS}/${id}/comm`, 'utf8').trim();
  } catch {
    return undefined;
  }
}
