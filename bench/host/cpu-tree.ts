/**
 * Processor time of a process together with all that it started, for gateways whose agents run in processes.
 *
 * Live descendants are found in `task/TID/children` and metered each by itself, exactly. One that ended is counted where
 * the kernel puts it, in its parent's `stat` (times of children that were waited for), in ticks of 10 ms: a process that
 * ends between two samples makes the difference between them up to 20 ms short. Waits and switches of those that ended
 * are what they were last seen to be.
 */
import { type CpuMeter, type CpuSample, LinuxCpuMeter, TICK_NS } from './cpu.ts';
import { HOST_FILES, type HostFiles } from './files.ts';

/** `undefined` where the system does not tell of a process's children (only Linux does). */
export function openCpuTreeMeter(pid: number): CpuMeter | undefined {
  return process.platform === 'linux' ? new CpuTreeMeter(pid) : undefined;
}

const SUMMED = ['waitNs', 'voluntarySwitches', 'involuntarySwitches'] as const;
type Summed = Record<(typeof SUMMED)[number], number>;

export class CpuTreeMeter implements CpuMeter {
  readonly #root: number;
  readonly #files: HostFiles;
  readonly #meterOf: (pid: number) => CpuMeter;
  /** Those of the last sample. */
  #live = new Map<number, { meter: CpuMeter; last: CpuSample | undefined }>();
  readonly #ended: Summed = { waitNs: 0, voluntarySwitches: 0, involuntarySwitches: 0 };

  constructor(root: number, files: HostFiles = HOST_FILES, meterOf: (pid: number) => CpuMeter = (pid) => new LinuxCpuMeter(pid, files)) {
    this.#root = root;
    this.#files = files;
    this.#meterOf = meterOf;
  }

  /** `undefined` when the first process is gone. Its `threads` are those of the first process. */
  sample(): CpuSample | undefined {
    const live = new Map<number, { meter: CpuMeter; last: CpuSample | undefined }>();
    for (const pid of this.#family()) {
      const meter = this.#live.get(pid)?.meter ?? this.#meterOf(pid);
      const last = meter.sample();
      if (last) live.set(pid, { meter, last });
    }
    for (const [pid, { last }] of this.#live) {
      if (live.has(pid) || !last) continue;
      for (const name of SUMMED) this.#ended[name] += last[name] ?? 0;
    }
    this.#live = live;
    const root = live.get(this.#root)?.last;
    if (!root) return undefined;
    const samples = [...live.values()].flatMap(({ last }) => last ?? []);
    const sum = (of: (sample: CpuSample) => number) => samples.reduce((total, sample) => total + of(sample), 0);
    const summed = Object.fromEntries(SUMMED.map((name) => [name, this.#ended[name] + sum((sample) => sample[name] ?? 0)])) as Summed;
    const waitedForNs = [...live.keys()].reduce((total, pid) => total + waitedFor(this.#files.text(`/proc/${pid}/stat`)), 0);
    return {
      ...root,
      ...summed,
      cpuNs: sum((sample) => sample.cpuNs) + waitedForNs,
      rssBytes: sum((sample) => sample.rssBytes),
      // Of each at its own time: the sum is nobody's.
      rssPeakBytes: null,
    };
  }

  /** The first process, then its descendants. */
  #family(): number[] {
    const pids = [this.#root];
    // The list grows as it is walked.
    for (const pid of pids) {
      for (const tid of this.#files.names(`/proc/${pid}/task`)) {
        const children = this.#files.text(`/proc/${pid}/task/${tid}/children`) ?? '';
        for (const child of children.split(' ')) if (/^\d+$/.test(child.trim())) pids.push(Number(child));
      }
    }
    return pids;
  }
}

/** User and system time of ended children, in ns; fields 16 and 17, counted after the command's name. */
function waitedFor(stat: string | undefined): number {
  if (stat === undefined) return 0;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[13]) + Number(fields[14]);
  return Number.isFinite(ticks) ? ticks * TICK_NS : 0;
}
