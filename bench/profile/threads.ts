/** The profiles that `--cpu-prof` left in a folder, one for each thread, told with the threads' names. */
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Micros, ProfileError, parseCpuProfile, type ThreadTime, timeSpent, topFunctions } from './cpu-profile.ts';
import { flamePage } from './flame-page.ts';
import { sharesOf, type ThreadResult } from './index-file.ts';
import type { Unit } from './loaded.ts';

/** Date, time, process, thread, and how many profiles the process has written. */
const FILE_NAME = /^CPU\.\d+\.\d+\.(?<pid>\d+)\.(?<threadId>\d+)\.\d+\.cpuprofile$/;
const TOP = 20;

export interface ThreadRequest {
  /** What V8 wrote. */
  from: string;
  /** Where profiles and pages go. */
  to: string;
  units: readonly Unit[];
  /** Of the profiles only this; absent where nothing was measured. */
  window: Micros | undefined;
  arm: string;
  /** Of this package. */
  root: string;
}

/** Threads in the order of the gateway's own list, then those that had ended by then. */
export function readThreads(request: ThreadRequest): ThreadResult[] {
  const { units } = request;
  const written = existsSync(request.from) ? readdirSync(request.from).flatMap(writtenBy) : [];
  const known = units.map((unit) => ({ ...unit, file: written.find(isOf(unit))?.file }));
  const others = written.filter((one) => !units.some((unit) => isOf(unit)(one)));
  const used = new Set<string>();
  return [...known, ...others.map((one) => ({ ...one, name: nameOfEnded(one, units) }))].map((unit) => {
    const name = distinct(unit.name, used);
    return unit.file === undefined ? without(unit, name, 'it wrote no profile') : readOne(request, unit, name, unit.file);
  });
}

function readOne({ from, to, window, arm, root }: ThreadRequest, unit: Omit<Unit, 'name'>, name: string, file: string): ThreadResult {
  let time: ThreadTime;
  try {
    time = timeSpent(parseCpuProfile(readFileSync(join(from, file), 'utf8')), window);
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    return without(unit, name, error.message);
  }
  const profile = `${name}.cpuprofile`;
  const flame = `flame-${name}.html`;
  copyFileSync(join(from, file), join(to, profile));
  writeFileSync(join(to, flame), flamePage({ title: `${name} · ${arm}`, time, root }));
  return {
    ...identity(unit, name),
    profile,
    flame,
    reason: null,
    spanMs: time.spanMicros / 1e3,
    busyMs: time.activeMicros / 1e3,
    samples: time.samples,
    top: sharesOf(topFunctions(time.root, TOP), time.activeMicros, root),
  };
}

function without(unit: Omit<Unit, 'name'>, name: string, reason: string): ThreadResult {
  return { ...identity(unit, name), profile: null, flame: null, reason, spanMs: 0, busyMs: 0, samples: 0, top: [] };
}

function identity({ pid, threadId }: Omit<Unit, 'name'>, name: string) {
  return { name, pid, threadId };
}

interface Written extends Omit<Unit, 'name'> {
  file: string;
}

function writtenBy(file: string): Written[] {
  const { pid, threadId } = FILE_NAME.exec(file)?.groups ?? {};
  return pid === undefined || threadId === undefined ? [] : [{ file, pid: Number(pid), threadId: Number(threadId) }];
}

function isOf({ pid, threadId }: Omit<Unit, 'name'>): (other: Omit<Unit, 'name'>) => boolean {
  return (other) => other.pid === pid && other.threadId === threadId;
}

function nameOfEnded({ pid, threadId }: Omit<Unit, 'name'>, units: readonly Unit[]): string {
  const own = units.some((unit) => unit.name === 'main' && unit.pid === pid);
  return own ? `thread-${threadId}` : `process-${pid}`;
}

/** Names are file names here, and two units never had one name; a name from elsewhere is not trusted with a path. */
function distinct(name: string, used: Set<string>): string {
  const safe = name.replace(/[^\w-]+/g, '-') || 'thread';
  let free = safe;
  for (let count = 2; used.has(free); count += 1) free = `${safe}-${count}`;
  used.add(free);
  return free;
}
