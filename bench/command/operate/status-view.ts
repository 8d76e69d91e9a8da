/** A running gateway on a terminal: the whole, its threads, and the checklist. Text in, text out. */
import { count, duration, number, quantity } from '../../../reports/format.ts';
import { clean, type Painter, painter, type TextCell, table } from '../../../reports/text-table.ts';
import type { GatewayStatus, GatewayThread, GatewayThreads } from './admin-client.ts';
import { type Check, WAIT_RATIO_MAX } from './checks.ts';

export interface View {
  color: boolean;
  width?: number;
}

/** Where nobody says how wide it is: a file or a pipe. */
const WIDTH = 200;
const WIDTH_MIN = 40;

interface Page {
  width: number;
  paint: Painter;
}

function pageOf({ color, width = WIDTH }: View): Page {
  return { width: Math.max(WIDTH_MIN, width), paint: painter(color) };
}

const lines = (all: readonly string[]) => `${all.join('\n')}\n`;

export function statusView(status: GatewayStatus, view: View): string {
  const page = pageOf(view);
  const { turns, window, memory, cpu, quotas, log, config } = status;
  const ended = Object.entries(turns.ended).map(([kind, number]) => `${count(number)} ${ENDED[kind] ?? clean(kind)}`);
  const codes = Object.entries(turns.codes).map(([code, number]) => `${clean(code)} ${count(number)}`);
  const { p50, p99, max } = window.loopDelayMs;
  const rows: [string, TextCell][] = [
    ['turns', `${count(turns.inFlight)} in flight, ${count(turns.waiting)} waiting · ${ended.join(', ')}`],
    ...(codes.length === 0 ? [] : [['', codes.join(' · ')] satisfies [string, string]]),
    [
      'connections',
      `${count(status.connections)} · ${some(status.sessions, 'session')} · ${some(status.commands.running, 'command')} running`,
    ],
    ['agents', agentsOf(status)],
    ...Object.entries(status.pools).map(([name, pool]): [string, string] => ['', `${clean(name)}: ${poolOf(pool)}`]),
    [
      'main thread',
      `loop delay p50 ${ms(p50)}, p99 ${ms(p99)}, worst ${ms(max)} in the last ${duration(window.sinceMs)}; busy ${quantity(window.loopUtilisation, 'fraction')}`,
    ],
    ['memory', `${bytes(memory.rss)} resident · ${bytes(memory.heapUsed)} heap, ${bytes(memory.external)} buffers of the main thread`],
    ['CPU', `${duration((cpu.userMicros + cpu.systemMicros) / 1_000)} of all threads`],
    ['quotas', `${some(quotas.warned, 'warning')}, ${some(quotas.stopped, 'turn')} stopped`],
    ['log', logOf(log)],
  ];
  const { host, tls } = config.gateway;
  const head = [
    { text: `gateway ${clean(status.version)}`, paint: 'bold' as const },
    { text: clean(status.state), paint: status.state === 'running' ? ('good' as const) : ('unsure' as const) },
    `process ${status.pid}`,
    `up ${duration(status.uptimeMs)}`,
    ...(status.port === null ? [] : [`${tls ? 'wss' : 'ws'}://${clean(host)}:${status.port}`]),
  ];
  return lines([head.map(page.paint).join(' · '), '', ...rowsOf(rows, page)]);
}

const ENDED: Readonly<Record<string, string>> = { timedOut: 'timed out' };

/** A table without a header. */
function rowsOf(rows: readonly (readonly TextCell[])[], page: Page): string[] {
  return table(['', ''], rows, { ...page, indent: 2, flexible: true }).slice(1);
}

function agentsOf({ config: { agents } }: GatewayStatus): string {
  const { execution, allowExecutionOverride, threadPool, processPool } = agents;
  const where: Readonly<Record<string, string>> = {
    inline: 'on the main thread',
    thread: `in threads, at most ${threadPool.maxThreads}; ${count(threadPool.queueSize)} turns may wait`,
    process: `in processes, at most ${processPool.maxProcesses}; ${count(processPool.queueSize)} turns may wait`,
  };
  return `${where[execution] ?? clean(execution)}${allowExecutionOverride ? '; turns may choose another way' : ''}`;
}

function poolOf({ units, started, ended, died, killed, dispatchMicros, queueWaitMs }: GatewayStatus['pools'][string]): string {
  return [
    `${units} up, ${count(started)} started, ${count(ended)} ended, ${count(died)} died, ${count(killed)} killed`,
    `dispatch p50 ${quantity(dispatchMicros.p50, 'us')}, p99 ${quantity(dispatchMicros.p99, 'us')}`,
    `wait p50 ${ms(queueWaitMs.p50)}, p99 ${ms(queueWaitMs.p99)}`,
  ].join(' · ');
}

function logOf({ level, currentFile, errorsLogged, lastErrorAt, linesDropped }: GatewayStatus['log']): string {
  const parts = [`${clean(currentFile ?? 'standard error')} (${clean(level)} and above)`, some(errorsLogged, 'error')];
  if (lastErrorAt !== null) parts.push(`the last at ${clean(lastErrorAt)}`);
  if (linesDropped > 0) parts.push(`${some(linesDropped, 'line')} lost`);
  return parts.join(' · ');
}

const HEADER = [
  'name',
  'state',
  'agent',
  'turns',
  'age',
  'CPU',
  'heap',
  'buffers',
  'resident',
  'switches',
  'forced',
  'core wait',
  'wait ÷ run',
] as const;

export function threadsView({ threads, osThreads }: GatewayThreads, view: View): string {
  const page = pageOf(view);
  const all = osThreads === null ? '' : `; ${osThreads} threads in the process, with those of libuv and V8`;
  const busy = threads.filter(({ state }) => state === 'busy').length;
  return lines([
    ...table(HEADER, threads.map(rowOf), { ...page, indent: 0 }),
    '',
    page.paint({ text: `${threads.length - 1} besides the main thread, ${busy} busy${all}`, paint: 'dim' }),
  ]);
}

const STATE_PAINT = { busy: 'good', starting: 'unsure', stopping: 'unsure', draining: 'unsure' } as const;

function rowOf(thread: GatewayThread): TextCell[] {
  const { name, state, agent, turns, ageMs, cpuMs, kind, runQueueWaitRatio } = thread;
  const paint = Object.hasOwn(STATE_PAINT, state) ? STATE_PAINT[state as keyof typeof STATE_PAINT] : undefined;
  const ratio = number(runQueueWaitRatio);
  return [
    clean(kind === 'process' ? `${name} (${thread.pid})` : name),
    paint === undefined ? clean(state) : { text: clean(state), paint },
    agent === null ? 'any' : clean(agent),
    count(turns),
    duration(ageMs),
    cpuMs === null ? ms(null) : duration(cpuMs),
    bytes(thread.heapUsedBytes),
    bytes(thread.externalBytes),
    bytes(thread.rssBytes),
    thread.voluntarySwitches === null ? number(null) : count(thread.voluntarySwitches),
    thread.involuntarySwitches === null ? number(null) : count(thread.involuntarySwitches),
    ms(thread.runQueueWaitMs),
    (runQueueWaitRatio ?? 0) > WAIT_RATIO_MAX ? { text: ratio, paint: 'bad' } : ratio,
  ];
}

const MARKS = { ok: { text: '✓', paint: 'good' }, bad: { text: '✗', paint: 'bad' }, unknown: { text: '?', paint: 'unsure' } } as const;

export function checksView(checks: readonly Check[], view: View): string {
  const page = pageOf(view);
  const rows = checks.flatMap(({ name, state, said, remedy }): TextCell[][] => [
    [MARKS[state], name, said],
    ...(remedy === undefined ? [] : [['', '', { text: `→ ${remedy}`, paint: 'bold' } satisfies TextCell]]),
  ]);
  const counted = (state: Check['state']) => checks.filter((check) => check.state === state).length;
  const bad = counted('bad');
  const unknown = counted('unknown');
  const overall: TextCell =
    bad > 0
      ? { text: `not ok: ${bad} of ${checks.length}`, paint: 'bad' }
      : { text: unknown > 0 ? `ok, but ${unknown} not checked` : 'ok', paint: unknown > 0 ? 'unsure' : 'good' };
  return lines([...table(['', '', ''], rows, { ...page, indent: 0, flexible: true }).slice(1), '', `overall: ${page.paint(overall)}`]);
}

const some = (number: number, what: string) => `${count(number)} ${what}${number === 1 ? '' : 's'}`;
const ms = (value: number | null) => quantity(value, 'ms');
const bytes = (value: number | null) => quantity(value, 'B');
