/** What the gateway holds and what its pool does, as its status tells it: read whenever it is collected, and at no other time. */
import { labelOf } from '../../dashboards/catalog.ts';
import type { Instruments, Report } from '../../dashboards/metrics/instruments.ts';
import { type LabelBounds, summed } from '../../dashboards/metrics/labels.ts';
import type { Execution } from '../../transports/contract.ts';
import type { UnitStatus } from '../execution/status.ts';
import type { OsThread } from '../os-threads.ts';
import type { OsSource, StatusSources } from '../status.ts';
import { Places } from './places.ts';

export interface StateMetricsOptions {
  instruments: Instruments;
  bounds: LabelBounds;
  sources: StatusSources;
  os: OsSource;
}

const UNIT_EVENTS = ['started', 'ended', 'died', 'killed'] as const;
const UNIT_STATES = ['starting', 'idle', 'busy', 'stopping'] as const;
const MAIN = 'main';

export function observeState(options: StateMetricsOptions): void {
  observeTurns(options);
  observeHoldings(options);
  observePools(options);
  observeThreads(options);
}

function observeTurns({ instruments, bounds, sources: { turns, quotas, draining } }: StateMetricsOptions): void {
  const codeOf = bounds.bound(labelOf('gatebench.gateway.errors', 'code'));
  instruments.observe(
    ['gatebench.gateway.turns.in_flight', 'gatebench.gateway.errors', 'gatebench.gateway.quota.events', 'gatebench.gateway.draining'],
    (report) => {
      report('gatebench.gateway.turns.in_flight', turns.inFlight);
      report('gatebench.gateway.draining', draining() ? 1 : 0);
      const { warned, stopped } = quotas();
      report('gatebench.gateway.quota.events', warned, { event: 'warned' });
      report('gatebench.gateway.quota.events', stopped, { event: 'stopped' });
      for (const [code, count] of summed(turns.codes, codeOf)) report('gatebench.gateway.errors', count, { code });
    },
  );
}

function observeHoldings({ instruments, sources: { connections, sessions, commands, responses } }: StateMetricsOptions): void {
  instruments.observe(
    [
      'gatebench.gateway.connections',
      'gatebench.gateway.sessions',
      'gatebench.gateway.commands.running',
      'gatebench.gateway.responses.stored',
      'gatebench.gateway.responses.size',
    ],
    (report) => {
      report('gatebench.gateway.connections', connections());
      report('gatebench.gateway.sessions', sessions());
      report('gatebench.gateway.commands.running', commands());
      report('gatebench.gateway.responses.stored', responses.count);
      report('gatebench.gateway.responses.size', responses.bytes);
    },
  );
}

function observePools({ instruments, sources: { pools } }: StateMetricsOptions): void {
  instruments.observe(
    ['gatebench.gateway.pool.waiting', 'gatebench.gateway.pool.units', 'gatebench.gateway.pool.unit.events'],
    (report) => {
      for (const [kind, pool] of Object.entries(pools) as [Execution, NonNullable<(typeof pools)[Execution]>][]) {
        const status = pool.status();
        report('gatebench.gateway.pool.waiting', status.waiting, { kind });
        for (const state of UNIT_STATES) {
          report('gatebench.gateway.pool.units', status.units.filter((unit) => unit.state === state).length, { kind, state });
        }
        for (const event of UNIT_EVENTS) report('gatebench.gateway.pool.unit.events', status[event], { kind, event });
      }
    },
  );
}

const THREAD_METRICS = [
  'gatebench.gateway.thread.turns',
  'gatebench.gateway.thread.cpu.time',
  'gatebench.gateway.thread.run_queue.wait.time',
  'gatebench.gateway.thread.run_queue.wait_ratio',
  'gatebench.gateway.thread.context_switches',
  'gatebench.gateway.thread.heap.used',
] as const;

type ThreadReport = Report<(typeof THREAD_METRICS)[number]>;

function observeThreads({ instruments, bounds, sources: { pools }, os }: StateMetricsOptions): void {
  const label = labelOf('gatebench.gateway.thread.cpu.time', 'thread');
  // The main thread takes one of the label's values.
  const places = new Places({ placesMax: label.bound - 1, label: label.name, bounds });
  instruments.observe(THREAD_METRICS, (report) => {
    const { user, system } = process.threadCpuUsage();
    report('gatebench.gateway.thread.cpu.time', (user + system) / 1e6, { thread: MAIN });
    reportSwitches(report, MAIN, os.thread(process.pid));
    const units = Object.values(pools).flatMap((pool) => pool.status().units);
    places.settle(units.map(({ name }) => name));
    const overflowing: UnitStatus[] = [];
    for (const unit of units) {
      const thread = places.of(unit.name);
      if (thread === unit.name || /-\d+$/.test(thread)) reportUnit(report, thread, unit, seenOf(unit, os));
      else overflowing.push(unit);
    }
    if (overflowing.length === 0) return;
    // Of those without a place only what adds up is told, as one.
    const thread = places.of('');
    report(
      'gatebench.gateway.thread.turns',
      sumOf(overflowing, ({ turns }) => turns),
      { thread },
    );
    report(
      'gatebench.gateway.thread.heap.used',
      sumOf(overflowing, ({ heapUsedBytes }) => heapUsedBytes ?? 0),
      { thread },
    );
  });
}

function reportUnit(report: ThreadReport, thread: string, { turns, cpuMs, heapUsedBytes }: UnitStatus, seen: OsThread | undefined): void {
  report('gatebench.gateway.thread.turns', turns, { thread });
  report('gatebench.gateway.thread.heap.used', heapUsedBytes, { thread });
  report('gatebench.gateway.thread.cpu.time', seconds(cpuMs ?? seen?.runMs ?? null), { thread });
  if (seen) reportSwitches(report, thread, seen);
}

function reportSwitches(report: ThreadReport, thread: string, seen: OsThread): void {
  report('gatebench.gateway.thread.run_queue.wait.time', seconds(seen.runQueueWaitMs), { thread });
  report('gatebench.gateway.thread.run_queue.wait_ratio', seen.runQueueWaitRatio, { thread });
  const TYPE = 'process.context_switch.type';
  report('gatebench.gateway.thread.context_switches', seen.voluntarySwitches, { thread, [TYPE]: 'voluntary' });
  report('gatebench.gateway.thread.context_switches', seen.involuntarySwitches, { thread, [TYPE]: 'involuntary' });
}

/** One that has not started yet has no number. */
function seenOf({ kind, pid, osThreadId }: UnitStatus, os: OsSource): OsThread | undefined {
  if (kind === 'process') return pid === 0 ? undefined : os.process(pid);
  return osThreadId === null ? undefined : os.thread(osThreadId);
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1e3;
}

function sumOf(units: readonly UnitStatus[], figure: (unit: UnitStatus) => number): number {
  return units.reduce((sum, unit) => sum + figure(unit), 0);
}
