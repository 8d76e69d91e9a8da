/**
 * A process of its own that outlives the gateway for a moment: when the pipe from the gateway closes, however that came
 * about, it kills the commands that are still there and removes the folder that was to go with the gateway. A process
 * that is killed hard has no other way to take its children with it.
 *
 * On its standard input, a line for each process group: `+123` that it has started, `-123` that it is gone; and `close`
 * when the gateway ends as it should, and sees to its folder itself.
 */
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { kill, killMarked } from './descendants.ts';

/** After bundling, only the module itself knows where it lies. */
export const url = import.meta.url;

/** Its first argument: this module is also imported, for its address. */
export const WATCH = '--watch-commands';

async function watch(name: string, value: string, folder: string | undefined): Promise<void> {
  const groups = new Set<number>();
  let orphaned = true;
  for await (const line of createInterface({ input: process.stdin })) {
    const group = Number(line.slice(1));
    if (line === 'close') orphaned = false;
    else if (line.startsWith('+')) groups.add(group);
    else groups.delete(group);
  }
  for (const group of groups) kill(-group, 'SIGKILL');
  await killMarked({ name, value, prefix: true });
  if (orphaned && folder !== undefined) await rm(folder, { recursive: true, force: true });
}

const [, , argument, name, value, folder] = process.argv;
if (argument === WATCH && name !== undefined && value !== undefined) {
  // The terminal's interrupt and the like are for the gateway, which says what follows by closing the pipe.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  await watch(name, value, folder);
}
