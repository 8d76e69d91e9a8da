/** What a process uses, as Linux tells it: at any moment, whatever the process is at. */
import { type ReadText, readText } from '../os-threads.ts';
import type { UnitSample } from './unit.ts';

/** Linux tells the processor time of a process in these, on all machines. */
const TICK_NS = 1e9 / 100;

/** @returns `undefined` where there is no such process, or nothing that tells */
export function processSample(pid: number, read: ReadText = readText): UnitSample | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const rssKb = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1];
  if (stat === undefined || rssKb === undefined) return undefined;
  // The second field is a name in brackets, which may hold anything. The third is the state; the 14th and 15th are the
  // ticks of all threads, those that have ended included.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { cpuNs: ticks * TICK_NS, computing: fields[0] === 'R', heapUsedBytes: 0, externalBytes: 0, rssBytes: Number(rssKb) * 1024 };
}
