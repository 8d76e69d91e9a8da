/** What all three processes tell of Node, V8 and themselves, by the names of the conventions where these have one. */
import { atMost, type Listed, oneOf, STEP_SECONDS } from './metric.ts';

const emittedBy = ['gateway', 'upstream', 'generator'] as const;
const SPACE = atMost(16, 'v8js.heap.space.name');

const DELAY = 'as an event that arrives at a random moment waits for the main thread, over the last complete 10 s.';

export const RUNTIME_METRICS = [
  {
    name: 'process.cpu.time',
    instrument: 'counter',
    unit: 's',
    labels: [oneOf('cpu.mode', ['user', 'system'])],
    description: 'Processor time of the process, all its threads together.',
    emittedBy,
  },
  {
    name: 'process.memory.usage',
    instrument: 'updowncounter',
    unit: 'By',
    labels: [],
    description: 'Resident memory of the process.',
    emittedBy,
  },
  {
    name: 'process.uptime',
    instrument: 'gauge',
    unit: 's',
    labels: [],
    description: 'Since the process started.',
    emittedBy,
  },
  {
    name: 'process.thread.count',
    instrument: 'updowncounter',
    unit: '{thread}',
    labels: [],
    description: 'Threads of the process: its workers, and those of libuv and V8.',
    emittedBy,
    linuxOnly: true,
  },
  {
    name: 'process.context_switches',
    instrument: 'counter',
    unit: '{context_switch}',
    labels: [oneOf('process.context_switch.type', ['voluntary', 'involuntary'])],
    description: 'How often threads of the process were switched out.',
    emittedBy,
  },
  {
    name: 'nodejs.eventloop.time',
    instrument: 'counter',
    unit: 's',
    labels: [oneOf('nodejs.eventloop.state', ['active', 'idle'])],
    description:
      "Time that the main thread's event loop was at work, and that it waited. The rate of `active` is its utilisation over any window.",
    emittedBy,
  },
  {
    name: 'nodejs.eventloop.utilization',
    instrument: 'gauge',
    unit: '1',
    labels: [],
    description: "Share of its life that the main thread's event loop was at work.",
    emittedBy,
  },
  {
    name: 'v8js.gc.duration',
    instrument: 'histogram',
    unit: 's',
    buckets: [1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 1],
    labels: [oneOf('v8js.gc.type', ['minor', 'major', 'incremental', 'weakcb'])],
    description: "Garbage collections of the main thread's heap.",
    emittedBy,
  },
  {
    name: 'v8js.memory.heap.used',
    instrument: 'updowncounter',
    unit: 'By',
    labels: [SPACE],
    description: "What is used of the main thread's heap, by space.",
    emittedBy,
  },
  {
    name: 'v8js.memory.heap.space.physical_size',
    instrument: 'updowncounter',
    unit: 'By',
    labels: [SPACE],
    description: "What the main thread's heap takes of memory, by space.",
    emittedBy,
  },
  {
    name: 'gatebench.memory.external',
    instrument: 'updowncounter',
    unit: 'By',
    labels: [],
    description: 'Memory outside the heap that objects of the main thread keep: buffers above all.',
    emittedBy,
  },
  {
    name: 'gatebench.eventloop.delay',
    instrument: 'histogram',
    unit: 's',
    buckets: STEP_SECONDS,
    labels: [],
    description:
      'How long an event that arrives at a random moment waits for the main thread, sampled every 5 ms. The gauges of the convention begin anew at each scrape and miss what two scrapers share; this one does not.',
    emittedBy: ['gateway'],
  },
  ...(['p50', 'p90', 'p99', 'max'] as const).map(
    (figure) =>
      ({
        name: `nodejs.eventloop.delay.${figure}`,
        instrument: 'gauge',
        unit: 's',
        labels: [],
        description: `The ${figure === 'max' ? 'longest' : figure} delay ${DELAY}`,
        emittedBy: ['gateway'],
      }) as const,
  ),
] as const satisfies readonly Listed[];
