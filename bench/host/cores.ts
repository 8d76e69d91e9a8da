/**
 * Which cores this process may use, and how many it can use at once.
 *
 * Three things take cores away: affinity (`taskset`, cpusets), which leaves whole cores; cgroup quotas, which leave
 * fractions of them on any core; and the machine itself. `os.availableParallelism()` knows only the first and the
 * last, so a container with half a core looks like a whole machine there; the quotas are read here.
 */
import { availableParallelism } from 'node:os';
import { field, HOST_FILES, type HostFiles } from './files.ts';

/** A core list as the kernel writes it: `0-3,8,10-11`. `undefined` when it is not one. */
export function parseCoreList(text: string): number[] | undefined {
  const cores: number[] = [];
  for (const part of text.trim().split(',')) {
    const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    if (!found) return undefined;
    const first = Number(found[1]);
    const last = Number(found[2] ?? found[1]);
    if (last < first) return undefined;
    for (let core = first; core <= last; core += 1) cores.push(core);
  }
  return cores;
}

export function formatCoreList(cores: readonly number[]): string {
  return cores.join(',');
}

/** The cores that affinity leaves to this process; `undefined` where the system does not say (only Linux does). */
export function allowedCores(files: HostFiles = HOST_FILES): number[] | undefined {
  const list = field(files.text('/proc/self/status'), 'Cpus_allowed_list');
  return list === undefined ? undefined : parseCoreList(list);
}

/** The tightest quota on this process's cgroup or one above it, in cores; `undefined` where there is none. */
export function quotaCores(files: HostFiles = HOST_FILES): number | undefined {
  const quotas: number[] = [];
  for (const line of (files.text('/proc/self/cgroup') ?? '').split('\n')) {
    // `ID:CONTROLLERS:PATH`, where the path may hold colons; version 2 is the one without controllers.
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    if (controllers === '') {
      for (const root of ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'])
        quotas.push(...quotasAlong(path, (folder) => quotaV2(root + folder, files)));
    } else if (controllers.split(',').includes('cpu')) {
      // Where each controller is mounted differs; `cpu` is commonly a link to `cpu,cpuacct`.
      for (const root of new Set(['/sys/fs/cgroup/cpu', `/sys/fs/cgroup/${controllers}`])) {
        quotas.push(...quotasAlong(path, (folder) => quotaV1(root + folder, files)));
      }
    }
  }
  return quotas.length === 0 ? undefined : Math.min(...quotas);
}

/** How many cores this process can use at once; may be fractional. */
export function effectiveCores(files: HostFiles = HOST_FILES): number {
  const allowed = allowedCores(files)?.length ?? availableParallelism();
  return Math.min(allowed, quotaCores(files) ?? Number.POSITIVE_INFINITY);
}

/**
 * A cgroup is bound by its parents' quotas too. In a container the path may be the host's, which is not mounted:
 * its folders are then missing, and the root of the mount is the container's own group.
 */
function quotasAlong(path: string, read: (folder: string) => number | undefined): number[] {
  const parts = path.split('/').filter((part) => part !== '');
  const quotas: number[] = [];
  for (let depth = parts.length; depth >= 0; depth -= 1) {
    const quota = read(
      parts
        .slice(0, depth)
        .map((part) => `/${part}`)
        .join(''),
    );
    if (quota !== undefined) quotas.push(quota);
  }
  return quotas;
}

/** `MICROSECONDS PERIOD`, or `max PERIOD` for none. */
function quotaV2(folder: string, files: HostFiles): number | undefined {
  const found = /^(\d+) (\d+)\s*$/.exec(files.text(`${folder}/cpu.max`) ?? '');
  return found ? Number(found[1]) / Number(found[2]) : undefined;
}

/** A quota of −1 is none. */
function quotaV1(folder: string, files: HostFiles): number | undefined {
  const quota = Number(files.text(`${folder}/cpu.cfs_quota_us`) ?? Number.NaN);
  const period = Number(files.text(`${folder}/cpu.cfs_period_us`) ?? Number.NaN);
  return quota > 0 && period > 0 ? quota / period : undefined;
}
