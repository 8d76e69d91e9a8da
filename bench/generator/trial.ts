/**
 * Runs one trial in this process: clients of its own, one a link, opened ahead where that is fair, driven, metered and
 * closed.
 */
import { LIVE_SPAN_MS } from '../../dashboards/live/feed.ts';
import type { Meter } from '../../transports/wire.ts';
import { type DriverOptions, drive } from '../driver/driver.ts';
import type { LaneLoad } from '../driver/lane.ts';
import { type LiveSecond, LiveTally } from '../driver/live.ts';
import { type InputText, Prompts } from '../driver/prompts.ts';
import type { Books } from '../driver/recorder.ts';
import { besideSeed, makeSchedule } from '../driver/schedule.ts';
import { readTrace, type Trace, type TraceRow } from '../driver/trace.ts';
import type { Waiting } from '../driver/waiting.ts';
import { packageVersion } from '../host/package.ts';
import { TokenColumns } from '../ledger/columns.ts';
import type { ArrivalRow } from '../ledger/rows.ts';
import { ClientTraces } from '../telemetry/client-traces.ts';
import type { GeneratorMetrics } from '../telemetry/generator-metrics.ts';
import type { LinkResult, Load, TrialResult, TrialSpec } from '../trial.ts';
import { LoadClients, sumOf } from './clients.ts';

export interface TrialSurroundings {
  waiting: Waiting;
  inputText: InputText;
  onWindow(edge: 'start' | 'end', atNs: number): void;
  /** Once a second, where the spec asks for it. */
  onLive?(second: LiveSecond): void;
  /** Looks at the loads of the trial while it runs. */
  metrics?: Pick<GeneratorMetrics, 'begin' | 'end'>;
  signal: AbortSignal;
}

/** Of one trial: 16 bytes each. Turns beyond are left out of the arrivals whole, and the file says how many tokens. */
const ARRIVAL_TOKENS_MAX = 8 * 1024 * 1024;

export type TrialEnd = { ok: true; result: TrialResult } | { ok: false; message: string };

export async function runTrial(
  spec: TrialSpec,
  { waiting, inputText, onWindow, onLive, metrics, signal }: TrialSurroundings,
): Promise<TrialEnd> {
  const trace = traceOf(spec.load);
  const besideTrace = spec.beside ? traceOf(spec.beside.load) : NO_TRACE;
  if (!trace.ok || !besideTrace.ok) return { ok: false, message: [trace, besideTrace].flatMap(problemsOf).join('; ') };
  const arrivals = spec.arrivalsPath === undefined ? undefined : new TokenColumns<ArrivalRow>(ARRIVAL_TOKENS_MAX);
  const traces = spec.telemetry && new ClientTraces(spec.telemetry);
  const live = spec.live === true && onLive ? new LiveTally() : undefined;
  let telling: NodeJS.Timeout | undefined;
  const clients = new LoadClients(spec);
  const besideClients = spec.beside && new LoadClients(spec);
  try {
    const schedule = makeSchedule(spec, trace.rows);
    const options: DriverOptions = {
      spec,
      schedule,
      targets: clients.targets,
      prompts: new Prompts(spec.seed, inputText),
      waiting,
      onWindow,
      signal,
      ...(arrivals ? { arrivals } : {}),
      ...(traces ? { traces } : {}),
      ...(metrics ? { onLanes: (lanes) => metrics.begin(lanes) } : {}),
      live,
      ...(spec.beside && besideClients ? { beside: besideLoad(spec, spec.beside, besideTrace.rows, besideClients, inputText) } : {}),
    };
    await clients.begin(spec.load);
    if (spec.beside) await besideClients?.begin(spec.beside.load);
    const before = { cpu: process.cpuUsage(), atNs: waiting.nowNs() };
    if (live) telling = setInterval(() => onLive?.(live.take()), LIVE_SPAN_MS);
    const driven = await drive(options);
    if (live) onLive?.(live.take());
    const wallNs = waiting.nowNs() - before.atNs;
    const cpu = process.cpuUsage(before.cpu);
    const meters = clients.meters();
    if (signal.aborted) return { ok: false, message: 'stopped before its end' };
    if (arrivals && spec.arrivalsPath !== undefined) arrivals.save(spec.arrivalsPath);
    if (traces && spec.telemetry?.tracesPath !== undefined) traces.save(spec.telemetry.tracesPath, packageVersion());
    const { turns, codes, histograms, totals, series, offeredRate, achievedRate, inFlightPeak, windowStartNs, windowEndNs } = driven;
    const { links, beside } = driven;
    const result: TrialResult = {
      id: spec.id,
      windowStartNs,
      windowEndNs,
      turns,
      codes,
      schedule: { hash: schedule.hash, offeredRate, achievedRate, interArrivalCv: schedule.interArrivalCv },
      histograms,
      totals: { ...totals, meter: sumOf(meters) },
      generator: { cpuNs: (cpu.user + cpu.system) * 1_000, wallNs, inFlightPeak },
      ...(spec.arrivalsPath === undefined ? {} : { arrivalsPath: spec.arrivalsPath }),
      ...(spec.links && links ? { links: linkResults(spec.links, links, meters) } : {}),
      ...(traces ? { traces: { sampled: traces.sampled, lost: traces.lost } } : {}),
      ...(beside ? { beside: { turns: beside.turns, codes: beside.codes, histograms: beside.histograms } } : {}),
      series,
    };
    return { ok: true, result };
  } finally {
    metrics?.end();
    clearInterval(telling);
    await Promise.all([clients.close(), besideClients?.close()]);
  }
}

function besideLoad(
  { seed, warmupMs, measureMs }: TrialSpec,
  { workload, load }: NonNullable<TrialSpec['beside']>,
  trace: readonly TraceRow[],
  { targets }: LoadClients,
  inputText: InputText,
): LaneLoad {
  const ownSeed = besideSeed(seed);
  const schedule = makeSchedule({ seed: ownSeed, workload, load, warmupMs, measureMs }, trace);
  return { workload, schedule, targets, prompts: new Prompts(ownSeed, inputText) };
}

function linkResults(links: NonNullable<TrialSpec['links']>, books: readonly Books[], meters: readonly Meter[]): LinkResult[] {
  return links.map(({ name }, link) => {
    const { turns, codes, histograms, totals } = books[link]!;
    return { name, turns, codes, histograms, totals: { ...totals, meter: meters[link]! } };
  });
}

const NO_TRACE: Trace = { ok: true, rows: [] };

/** The recording that a load replays; any other load has none. */
function traceOf(load: Load): Trace {
  return load.kind === 'replay' ? readTrace(load.path, load.format, load.limit) : NO_TRACE;
}

function problemsOf(trace: Trace): string[] {
  return trace.ok ? [] : trace.problems;
}
