/**
 * Runs one trial on one arm and gathers what is known of it: the generator's result, the gateway's processor time over
 * the same stretch and what it says of itself, the mock LLM's ledger joined with the client's reads, and whether any of
 * it may be believed.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Arm } from '../arms.ts';
import { type CoreSample, coresAtRest, sampleCores } from '../host/core-load.ts';
import { type CpuMeter, type CpuSample, cpuBetween, openCpuMeter } from '../host/cpu.ts';
import { openCpuTreeMeter } from '../host/cpu-tree.ts';
import { TokenColumns } from '../ledger/columns.ts';
import { joinLedger, linkDelaysNs } from '../ledger/join.ts';
import { pathsOf } from '../ledger/paths.ts';
import type { ArrivalRow, LedgerRow } from '../ledger/rows.ts';
import type { LiveRun } from '../live/live-run.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import { judgeTrial, type TrialFacts, VALIDITY_LIMITS } from '../statistics/validity.ts';
import type { TrialResult, TrialSpec } from '../trial.ts';
import { ChildError } from './children.ts';
import { GatewayWatch } from './gateway-window.ts';
import type { LinkFacts, Links } from './links.ts';
import type { CpuFacts, LedgerFacts, Observation } from './observation.ts';
import { overloadFacts, type Stretches } from './overload.ts';
import type { Gateway, Generator, Upstream } from './processes.ts';
import { rampBins } from './ramp.ts';
import { Scrapes, scrapeProblems } from './scrapes.ts';

/** What a trial runs in. */
export interface Stage {
  folder: string;
  upstream: Upstream;
  generator: Generator;
  /** Absent for `direct` arms. */
  gateway: Gateway | undefined;
  /** Of the run; absent where no arm of it has a client leg over emulated links. */
  links: Links | undefined;
  /** Some of generator, mock LLM and links share a core. */
  coreShared: boolean;
  /** Cores that the gateway may use, for its share of them. */
  gatewayCores: number;
  /** By number; none where it has none to itself. */
  gatewayOwnCores: readonly number[];
  signal: AbortSignal;
  /** Told of trials while they go on; not of those that only warm up. */
  live?: LiveRun | undefined;
  /** The generator at its limit is what is measured. */
  saturates: boolean;
  /** The target keeps a ledger: it is the mock LLM, or has it behind it. */
  hasLedger: boolean;
}

export interface TrialRequest {
  scenario: string;
  arm: Arm;
  launch: number;
  spec: TrialSpec;
  /** Stops the mock LLM for this long in the middle of the window. */
  freezeMs: number;
  /** How late the instrument may be, p99, where another limit than the usual one holds. */
  latenessMsMax?: number;
  /** Users start one after the other over the whole window: told in bins. */
  ramp?: true;
  /** The trial overloads the gateway, in stretches whose load was made from this peak. */
  overload?: { stretches: Stretches; peakPerSecond: number };
}

/** The scenario of trials that prepare gateways and measure nothing. */
export const WARM_UP = 'warm-up';

/** For the gateways' processes to start or end that the trial before left starting or ending. */
const REST_TIMEOUT_MS = 10_000;
/** Beyond the trial's own length, before the generator is given up. */
const OVERTIME_MS = 20_000;

/** @throws ChildError when a process of the run is gone or does not answer. */
export async function runTrial(stage: Stage, request: TrialRequest): Promise<Observation> {
  const { live, gateway } = stage;
  if (!live || request.scenario === WARM_UP) return runUnseen({ ...stage, live: undefined }, request);
  const { scenario, arm, launch, spec } = request;
  live.trialBegins({ scenario, arm: arm.id, launch: launch + 1 }, gateway?.ready.ports.admin ?? null);
  let valid: TrialResult | undefined;
  try {
    const observation = await runUnseen(stage, { ...request, spec: { ...spec, live: true } });
    if (observation.reasons.length === 0) valid = observation.result;
    return observation;
  } finally {
    live.trialEnds(valid);
  }
}

async function runUnseen(stage: Stage, request: TrialRequest): Promise<Observation> {
  const { upstream, gateway } = stage;
  const arrivalsPath = join(stage.folder, 'arrivals.bin');
  const ledgerPath = join(stage.folder, 'ledger.bin');
  await coresAtRest(stage.gatewayOwnCores, REST_TIMEOUT_MS);
  await ask(upstream, 'POST', '/ledger/clear');
  const uses = request.spec.links ?? [];
  if (uses.length > 0) await stage.links?.aim(uses, request.spec.client.port);
  const meter = gateway && (request.arm.execution === 'process' ? openCpuTreeMeter(gateway.pid) : openCpuMeter(gateway.pid));
  const before = meter?.sample();
  const window: { start?: CpuSample | undefined; end?: CpuSample | undefined } = {};
  const cores: { start?: CoreSample | undefined; end?: CoreSample | undefined } = {};
  const watch = new GatewayWatch(gateway?.ready.ports.admin ?? null);
  const spec = stage.hasLedger ? { ...request.spec, arrivalsPath } : request.spec;
  const metricsPort = gateway?.ready.ports.metrics ?? null;
  const scrapes = metricsPort === null ? undefined : new Scrapes(metricsPort);
  scrapes?.start();
  const result = await generate(stage, spec, (edge) => {
    window[edge] = meter?.sample();
    cores[edge] = sampleCores(stage.gatewayOwnCores);
    if (edge === 'start') watch.begin();
    else watch.end();
    if (edge === 'start' && request.freezeMs > 0) freeze(upstream.pid, request.spec.measureMs / 3, request.freezeMs);
  }).finally(() => scrapes?.stop());
  const cpu = meter && gateway ? cpuFacts(gateway, meter, before, window, stage.gatewayCores) : undefined;
  await ask(upstream, 'POST', '/ledger/save', { path: ledgerPath });
  const { lateness } = (await ask(upstream, 'GET', '/stats')) as { lateness: { histogram: string } };
  const arrivals = stage.hasLedger ? TokenColumns.load<ArrivalRow>(arrivalsPath) : new TokenColumns<ArrivalRow>(1);
  const sent = TokenColumns.load<LedgerRow>(ledgerPath);
  const { turns, ...times } = joinLedger(sent, arrivals, linkDelaysNs(spec.links));
  const ledger: LedgerFacts = {
    ...times,
    mockLateness: LatencyHistogram.decode(lateness.histogram),
    window: sentBetween(sent, result.windowStartNs, result.windowEndNs),
  };
  const links = uses.length > 0 ? await stage.links?.facts(uses) : undefined;
  for (const path of [arrivalsPath, ledgerPath]) rmSync(path, { force: true });
  const scraped = await scrapes?.stop();
  return {
    scenario: request.scenario,
    arm: request.arm.id,
    launch: request.launch,
    result,
    ledger,
    cpu,
    window: await watch.figures(),
    ...(links ? { links } : {}),
    ...(spec.workload.phases ? { paths: pathsOf(arrivals, turns, times.links.length) } : {}),
    ...(request.ramp && spec.load.kind === 'closed'
      ? { ramp: rampBins({ arrivals, ledger: sent, turns }, { ...result, users: spec.load.users }) }
      : {}),
    ...(request.overload
      ? { overload: overloadFacts(result, arrivals, request.overload.stretches, spec.warmupMs, request.overload.peakPerSecond) }
      : {}),
    ...(scraped ? { scrapes: scraped } : {}),
    reasons: [
      ...judge(stage, request, { result, ledger, links, gatewayCores: cpu ? shares(cores, cpu) : null }),
      ...(scraped ? scrapeProblems(scraped) : []),
    ],
  };
}

interface Known extends Pick<TrialFacts, 'gatewayCores'> {
  result: TrialResult;
  ledger: LedgerFacts;
  links: LinkFacts | undefined;
}

function judge(stage: Stage, request: TrialRequest, { result, ledger, links, gatewayCores }: Known): string[] {
  const { spec, latenessMsMax } = request;
  const p99 = (histogram: LatencyHistogram) => histogram.quantileMs(0.99) ?? histogram.maxMs();
  const lateness = LatencyHistogram.decode(result.histograms.lateness);
  const facts: TrialFacts = {
    latenessP99Ms: p99(lateness),
    // A mock LLM that was stopped on purpose is late on purpose.
    mockLatenessP99Ms: request.freezeMs > 0 || stage.saturates ? 0 : p99(ledger.mockLateness),
    links: links ? { latenessP99Ms: p99(links.lateness) } : null,
    coreShared: stage.coreShared,
    rate: spec.load.kind === 'closed' ? null : { offered: result.schedule.offeredRate, achieved: result.schedule.achievedRate },
    generatorCores: stage.saturates ? 0 : result.generator.cpuNs / result.generator.wallNs,
    gatewayCores,
    inFlightPeak: result.generator.inFlightPeak,
    inFlightMax: spec.inFlightMax,
    turns: result.turns,
    beside: result.beside?.turns ?? null,
    canaryMs: null,
  };
  if (latenessMsMax === undefined) return judgeTrial(facts);
  return judgeTrial(facts, { ...VALIDITY_LIMITS, latenessMs: latenessMsMax, latenessCoreSharedMs: latenessMsMax });
}

/** Sends the trial to the generator and waits for its result. */
function generate(stage: Stage, spec: TrialSpec, onEdge: (edge: 'start' | 'end') => void): Promise<TrialResult> {
  const { generator, upstream, gateway, links, signal, live } = stage;
  const limitMs = spec.warmupMs + spec.measureMs + spec.drainMs + OVERTIME_MS;
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      generator.onLine = () => {};
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const fail = (message: string) => settle(() => reject(new ChildError(message)));
    const onAbort = () => fail('interrupted');
    const timer = setTimeout(() => fail(`the generator did not finish trial ${spec.id} within ${limitMs} ms`), limitMs);
    for (const child of [generator, upstream, ...(gateway ? [gateway] : []), ...(links ? [links.child] : [])]) {
      void child.exited.then((how) => fail(`${child.name} ${how} during trial ${spec.id}`));
    }
    generator.onLine = (line) => {
      if ('window' in line && line.id === spec.id) onEdge(line.window);
      else if ('live' in line && line.live.id === spec.id) live?.second(line.live);
      else if ('result' in line && line.result.id === spec.id) settle(() => resolve(line.result));
      else if ('failed' in line && line.failed.id === spec.id) fail(`the generator refused trial ${spec.id}: ${line.failed.message}`);
    };
    if (signal.aborted) onAbort();
    else {
      signal.addEventListener('abort', onAbort);
      generator.send({ trial: spec });
    }
  });
}

/** Of what the gateway's cores had to give over the window. */
function shares(
  { start, end }: { start?: CoreSample | undefined; end?: CoreSample | undefined },
  { windowNs, windowWallNs, cores }: CpuFacts,
): TrialFacts['gatewayCores'] {
  if (!start || !end) return null;
  const whole = windowWallNs * cores;
  return {
    // Ticks are coarse: what the gateway used may come out as more than what its cores did.
    strangersShare: Math.max(0, end.busyNs - start.busyNs - windowNs) / whole,
    stolenShare: (end.stolenNs - start.stolenNs) / whole,
  };
}

function cpuFacts(
  gateway: Gateway,
  meter: CpuMeter,
  before: CpuSample | undefined,
  window: { start?: CpuSample | undefined; end?: CpuSample | undefined },
  cores: number,
): CpuFacts {
  const after = meter.sample();
  if (!before || !after || !window.start || !window.end)
    throw new ChildError(`${gateway.name} is gone, or its processor time cannot be read`);
  const trial = cpuBetween(before, after);
  const measured = cpuBetween(window.start, window.end);
  return {
    windowNs: measured.cpuNs,
    windowWallNs: measured.wallNs,
    cores,
    waitRatio: trial.waitRatio,
    rssBytes: after.rssBytes,
  };
}

/** What the target relayed meanwhile: by the sender's record, so that buffering on the way shifts nothing across the edges. */
export function sentBetween(ledger: TokenColumns<LedgerRow>, startNs: number, endNs: number): { tokens: number; turns: number } {
  let tokens = 0;
  let turns = 0;
  for (const row of ledger.rows) {
    const timesNs = ledger.timesNsOf(row);
    for (const sentNs of timesNs) if (sentNs >= startNs && sentNs < endNs) tokens += 1;
    const lastNs = timesNs.at(-1);
    if (lastNs !== undefined && lastNs >= startNs && lastNs < endNs) turns += 1;
  }
  return { tokens, turns };
}

/** Stops a process and lets it go on. */
function freeze(pid: number, afterMs: number, forMs: number): void {
  setTimeout(() => {
    signalIfThere(pid, 'SIGSTOP');
    setTimeout(() => signalIfThere(pid, 'SIGCONT'), forMs);
  }, afterMs);
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile, and the trial with it.
  }
}

async function ask(upstream: Upstream, method: string, path: string, body?: object): Promise<unknown> {
  const reply = await fetch(`http://127.0.0.1:${upstream.ready.ports.admin}${path}`, {
    method,
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(30_000),
  });
  const answer: unknown = await reply.json();
  if (!reply.ok) throw new ChildError(`the mock LLM refused ${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}
