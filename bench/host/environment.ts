/**
 * The environment card: what a reader must know about the machine before believing a number.
 *
 * It names no host, user or path: reports are passed on.
 */
import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import * as os from 'node:os';
import type { Environment } from '../../reports/report.ts';
import { allowedCores, formatCoreList, quotaCores } from './cores.ts';
import { HOST_FILES, type HostFiles } from './files.ts';

const GIT_TIMEOUT_MS = 5_000;

/** All but what the run itself finds out: the pinning it chose and the canary it timed. */
export type MachineCard = Omit<Environment, 'pinning' | 'canaryCv'>;

/** @param folder the tool's own: its revision is the card's, since the reference gateway that is measured comes from there. */
export function readMachine(folder: string, files: HostFiles = HOST_FILES): MachineCard {
  const cpus = os.cpus();
  const allowed = allowedCores(files);
  const quota = quotaCores(files);
  const cores = cpus.length;
  const usable = allowed?.length ?? os.availableParallelism();
  const notes: string[] = [];
  if (allowed && allowed.length < cores) notes.push(`affinity leaves cores ${formatCoreList(allowed)} of ${cores}`);
  if (quota !== undefined && quota < usable) notes.push(`a cgroup quota leaves ${Number(quota.toFixed(2))} cores' worth of time`);
  if (isVirtual(files)) notes.push('a virtual machine: what its host takes away shows only in the canary');
  const memoryLimit = process.constrainedMemory();
  return {
    node: process.versions.node,
    os: osName(files),
    kernel: os.release(),
    cpuModel: cpus[0]?.model.trim() || 'unknown',
    cores,
    coresEffective: Math.min(usable, quota ?? Number.POSITIVE_INFINITY),
    // A limit of 0 or beyond the machine is none.
    memoryBytes: memoryLimit > 0 ? Math.min(os.totalmem(), memoryLimit) : os.totalmem(),
    git: gitRevision(folder),
    ...(notes.length === 0 ? {} : { notes }),
  };
}

function osName(files: HostFiles): string {
  const pretty = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(files.text('/etc/os-release') ?? '')?.[1];
  return `${pretty ?? os.type()} ${os.arch()}`;
}

function isVirtual(files: HostFiles): boolean {
  return /^flags\s*:.*\bhypervisor\b/m.test(files.text('/proc/cpuinfo') ?? '');
}

/** `null` outside a clone: an installed package lies in a repository that is somebody else's. */
export function gitRevision(folder: string): Environment['git'] {
  const git = (...words: string[]) =>
    execFileSync('git', ['-C', folder, ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: GIT_TIMEOUT_MS,
    }).trim();
  try {
    if (realpathSync(git('rev-parse', '--show-toplevel')) !== realpathSync(folder)) return null;
    return { commit: git('rev-parse', 'HEAD'), dirty: git('status', '--porcelain') !== '' };
  } catch {
    // No git, no repository, or one without a commit.
    return null;
  }
}
