/**
 * Whether a command has left anything behind: looked for, not assumed. Its processes carry a mark in the environment
 * that they were started with, which their children inherit, whatever group or session they have come to.
 */
import { field, HOST_FILES, type HostFiles } from '../../host/files.ts';
import type { AdminClient } from './admin-client.ts';

export interface LeftProcess {
  pid: number;
  name: string;
}

export interface Reclaimed {
  /** Threads and processes of agents that are still at a turn. */
  unitsBusy: number;
  units: number;
  /** As the gateway counts them. */
  commandsRunning: number;
  /** `null` where the system does not show the environment of processes. */
  processesLeft: readonly LeftProcess[] | null;
}

const LOOK_MS = 50;
const LOOKS_MAX = 40;

/** Waits until nothing is left, or for as long as that should take at most. `undefined` where the gateway is gone. */
export async function lookReclaimed(admin: AdminClient, mark: string, files: HostFiles = HOST_FILES): Promise<Reclaimed | undefined> {
  let found: Reclaimed | undefined;
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const [status, threads] = await Promise.all([admin.status(), admin.threads()]);
    if (!status.ok || !threads.ok) return undefined;
    const units = threads.value.threads.filter(({ kind }) => kind !== 'main');
    found = {
      units: units.length,
      unitsBusy: units.filter(({ turns }) => turns > 0).length,
      commandsRunning: status.value.commands.running,
      processesLeft: processesWith(mark, files),
    };
    if (found.unitsBusy === 0 && found.commandsRunning === 0 && (found.processesLeft?.length ?? 0) === 0) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return found;
}

/** Processes with `NAME=VALUE` in their first environment; those of other users do not show theirs, and are none of ours. */
export function processesWith(mark: string, files: HostFiles = HOST_FILES): LeftProcess[] | null {
  const names = files.names('/proc');
  if (!names.includes('self')) return null;
  return names.flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const environment = files.text(`/proc/${name}/environ`);
    if (environment === undefined || !environment.split('\0').includes(mark)) return [];
    return [{ pid: Number(name), name: field(files.text(`/proc/${name}/status`), 'Name') ?? '?' }];
  });
}
