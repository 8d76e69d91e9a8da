/**
 * How busy given cores were, whoever it was that used them, and what the host of a virtual machine took away.
 *
 * A gateway that has its cores to itself is told from one whose core somebody else was using only here: its own processor
 * time does not grow while it waits. From `/proc/stat`, in ticks of 10 ms; elsewhere nothing is known.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { nowNs } from '../../transports/clock.ts';
import { TICK_NS } from './cpu.ts';
import { HOST_FILES, type HostFiles } from './files.ts';

/** Totals since boot, over the cores asked for. */
export interface CoreSample {
  /** In processes and in the kernel, interrupts included. */
  busyNs: number;
  stolenNs: number;
}

/** `undefined` where the system does not say, or there is no such core. */
export function sampleCores(cores: readonly number[], files: HostFiles = HOST_FILES): CoreSample | undefined {
  const text = files.text('/proc/stat');
  if (text === undefined || cores.length === 0) return undefined;
  const total: CoreSample = { busyNs: 0, stolenNs: 0 };
  for (const core of cores) {
    const found = new RegExp(`^cpu${core} ([\\d ]+)$`, 'm').exec(text)?.[1]?.split(' ').map(Number);
    if (!found || found.length < 8) return undefined;
    const [user, nice, system, , , interrupts, softInterrupts, stolen] = found as [...Row];
    total.busyNs += (user + nice + system + interrupts + softInterrupts) * TICK_NS;
    total.stolenNs += stolen * TICK_NS;
  }
  return total;
}

/** At rest: busy for at most this share of a look. */
const REST_SHARE_MAX = 0.34;
/** Three ticks: one of them is nobody's fault. */
const LOOK_MS = 30;

/**
 * Waits until the cores are at rest: processes that a trial started may still be starting, or ending, when it is over.
 * @returns false when they were not within the time (whoever measures then finds out what that did to it).
 */
export async function coresAtRest(cores: readonly number[], timeoutMs: number, files: HostFiles = HOST_FILES): Promise<boolean> {
  const untilNs = nowNs() + timeoutMs * 1e6;
  let before = sampleCores(cores, files);
  while (before !== undefined) {
    const fromNs = nowNs();
    await sleep(LOOK_MS);
    const now = sampleCores(cores, files);
    const wallNs = (nowNs() - fromNs) * cores.length;
    if (now === undefined || now.busyNs - before.busyNs <= REST_SHARE_MAX * wallNs) return true;
    if (nowNs() >= untilNs) return false;
    before = now;
  }
  return true;
}

/** user, nice, system, idle, iowait, irq, softirq, steal: see proc_stat(5). */
type Row = [number, number, number, number, number, number, number, number];
