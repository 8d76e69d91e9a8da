/** What a process tells of itself, Node and V8: read when it is collected, and nothing in between but what V8 reports of its collections. */
import { type PerformanceNodeEntry, PerformanceObserver, performance } from 'node:perf_hooks';
import { getHeapSpaceStatistics } from 'node:v8';
import { labelOf } from '../catalog.ts';
import type { Instruments } from './instruments.ts';
import type { LabelBounds } from './labels.ts';

export interface RuntimeOptions {
  instruments: Instruments;
  bounds: LabelBounds;
  /** Of the process, where the operating system tells. */
  threadCount: () => number | null;
}

/** V8's kinds of collection, as `perf_hooks.constants.NODE_PERFORMANCE_GC_*` has them. */
const GC_TYPES: Readonly<Record<number, string>> = { 1: 'minor', 4: 'major', 8: 'incremental', 16: 'weakcb' };

/** @returns what ends it */
export function observeRuntime({ instruments, bounds, threadCount }: RuntimeOptions): () => void {
  instruments.observe(
    [
      'process.cpu.time',
      'process.memory.usage',
      'process.uptime',
      'process.thread.count',
      'process.context_switches',
      'gatebench.memory.external',
    ],
    (report) => {
      const { userCPUTime, systemCPUTime, voluntaryContextSwitches, involuntaryContextSwitches } = process.resourceUsage();
      const { rss, external } = process.memoryUsage();
      report('process.cpu.time', userCPUTime / 1e6, { 'cpu.mode': 'user' });
      report('process.cpu.time', systemCPUTime / 1e6, { 'cpu.mode': 'system' });
      report('process.memory.usage', rss);
      report('process.uptime', process.uptime());
      report('process.thread.count', threadCount());
      report('process.context_switches', voluntaryContextSwitches, { 'process.context_switch.type': 'voluntary' });
      report('process.context_switches', involuntaryContextSwitches, { 'process.context_switch.type': 'involuntary' });
      report('gatebench.memory.external', external);
    },
  );
  instruments.observe(['nodejs.eventloop.time', 'nodejs.eventloop.utilization'], (report) => {
    const { idle, active, utilization } = performance.eventLoopUtilization();
    report('nodejs.eventloop.time', active / 1_000, { 'nodejs.eventloop.state': 'active' });
    report('nodejs.eventloop.time', idle / 1_000, { 'nodejs.eventloop.state': 'idle' });
    report('nodejs.eventloop.utilization', utilization);
  });
  observeHeap(instruments, bounds);
  return observeCollections(instruments, bounds);
}

function observeHeap(instruments: Instruments, bounds: LabelBounds): void {
  const SPACE = 'v8js.heap.space.name';
  const spaceOf = bounds.bound(labelOf('v8js.memory.heap.used', SPACE));
  instruments.observe(['v8js.memory.heap.used', 'v8js.memory.heap.space.physical_size'], (report) => {
    for (const { space_name, space_used_size, physical_space_size } of getHeapSpaceStatistics()) {
      const labels = { [SPACE]: spaceOf(space_name) };
      report('v8js.memory.heap.used', space_used_size, labels);
      report('v8js.memory.heap.space.physical_size', physical_space_size, labels);
    }
  });
}

function observeCollections(instruments: Instruments, bounds: LabelBounds): () => void {
  const TYPE = 'v8js.gc.type';
  const duration = instruments.histogram('v8js.gc.duration');
  const typeOf = bounds.bound(labelOf('v8js.gc.duration', TYPE));
  const observer = new PerformanceObserver((list) => {
    // Entries of collections are of this class, which the observer's type does not say.
    for (const { duration: ms, detail } of list.getEntries() as PerformanceNodeEntry[]) {
      const { kind } = detail as { kind: number };
      duration.record(ms / 1_000, { [TYPE]: typeOf(GC_TYPES[kind] ?? String(kind)) });
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}
