/**
 * One arm's gateway under load and under an instrument: started, warmed up, loaded for a while, and stopped so that
 * the instrument can write down what it saw. Mock LLM and generator run beside it as in any trial.
 */
import { type Arm, isDirect } from '../arms.ts';
import { AdminClient } from '../command/operate/admin-client.ts';
import { isLinked, roundTripsOf } from '../conditions.ts';
import type { Certificate } from '../host/certificate.ts';
import { planPinning, readPinningFacts } from '../host/pinning.ts';
import { ChildError } from '../orchestrator/children.ts';
import { gatewayKey } from '../orchestrator/gateway-config.ts';
import { type Launch, stageOf, surroundingsOf } from '../orchestrator/launch-context.ts';
import type { Links } from '../orchestrator/links.ts';
import type { Observation } from '../orchestrator/observation.ts';
import { type Gateway, type Generator, type Instrument, Processes, type Upstream } from '../orchestrator/processes.ts';
import { makeProgress } from '../orchestrator/progress.ts';
import { gatewayCoresOf } from '../orchestrator/run.ts';
import { runTrial } from '../orchestrator/trial-run.ts';
import { extentOf, loadOf, trialSpec, warmUpSpec } from '../orchestrator/trial-spec.ts';
import type { Scenario } from '../scenario.ts';
import { rng } from '../statistics/rng.ts';
import type { Load } from '../trial.ts';

export interface Bench {
  readonly processes: Processes;
  readonly upstream: Upstream;
  readonly generator: Generator;
  readonly links: Links | undefined;
  readonly pinning: ReturnType<typeof planPinning>;
  readonly gatewayCores: number;
  readonly gatewayOwnCores: readonly number[];
  stop(): Promise<void>;
}

/** What runs beside the gateway, once for all instruments. */
export async function startBench(folder: string, arm: Arm, certificate: Certificate | undefined): Promise<Bench> {
  const facts = readPinningFacts();
  const pinning = planPinning(facts, isLinked(arm.conditions));
  const cores = gatewayCoresOf(pinning, facts.coresEffective);
  const processes = new Processes(folder, pinning, cores.gatewayCores, certificate);
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    await Promise.all(started.map((child) => child.stop()));
  };
  try {
    const upstream = await processes.startUpstream();
    started.push(upstream);
    const generator = await processes.startGenerator('direct');
    started.push(generator);
    const links = isLinked(arm.conditions) ? await processes.startLinks(roundTripsOf(arm.conditions)) : undefined;
    if (links) started.push(links.child);
    return { processes, upstream, generator, links, pinning, ...cores, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export interface LoadRequest {
  scenario: Scenario;
  arm: Arm;
  seed: number;
  measureMs: number;
  folder: string;
  signal: AbortSignal;
}

export interface Loaded {
  observation: Observation;
  /** Names of threads and processes, as the gateway's own status has them. */
  units: readonly Unit[];
}

export interface Unit {
  name: string;
  pid: number;
  /** Node's number; 0 is a process's main thread. */
  threadId: number;
}

/** With what an instrument does, and until when it may take to write. */
export interface UnderInstrument extends Instrument {
  /** From being told to end until what was started is gone; what is left then is killed. */
  endLimitMs: number;
  /** Words in front of it start it: what ends it is a signal to the gateway itself. */
  wrapped: boolean;
}

/** @throws ChildError when the gateway dies, does not start, or the load cannot be made; nothing of it is left then. */
export async function loadUnder(bench: Bench, request: LoadRequest, instrument: UnderInstrument): Promise<Loaded> {
  const { scenario, arm } = request;
  const { endLimitMs, wrapped, ...how } = instrument;
  const gateway = await bench.processes.startGateway(arm, scenario.gateway, bench.upstream.ready.ports.upstream, how);
  try {
    const launch = launchOf(bench, request, gateway);
    const surroundings = surroundingsOf(launch, scenario, arm);
    const stage = stageOf(launch, scenario, arm);
    const trial = { arm, launch: 0, freezeMs: 0 };
    await runTrial(stage, { ...trial, scenario: 'warm-up', spec: warmUpSpec(surroundings) });
    const extent = { ...extentOf(scenario.quick, arm), measureMs: request.measureMs };
    const spec = trialSpec({ ...surroundings, trial: 0, load: steadyLoad(scenario, arm), extent });
    const observation = await runTrial(stage, { ...trial, scenario: scenario.name, spec });
    return { observation, units: await unitsOf(gateway) };
  } finally {
    await (wrapped ? endWrapped(gateway, endLimitMs, request.signal) : gateway.stop(endLimitMs));
  }
}

/** What a scenario loads its arms with; of one that looks for a limit, or goes beyond it, where it begins. */
export function steadyLoad(scenario: Scenario, arm: Arm): Load {
  const { plan } = scenario;
  if (plan.kind === 'load') return loadOf(scenario, arm, undefined);
  const users = arm.conditions.users || (plan.kind === 'search' ? plan.usersStart : plan.usersAtPeak);
  return { kind: 'closed', users, spreadMs: scenario.quick.warmupMs / 2 };
}

function launchOf(bench: Bench, { scenario, arm, seed, folder, signal }: LoadRequest, gateway: Gateway): Launch {
  return {
    ...bench,
    generators: new Map([['direct', bench.generator]]),
    canned: undefined,
    folder,
    coreShared: bench.pinning.shared,
    seed,
    trace: undefined,
    signal,
    random: rng(`${seed}/profile`),
    onTrial: () => {},
    progress: makeProgress('none'),
    found: new Map(),
    index: 0,
    gateways: new Map(isDirect(arm.kind) ? [] : [[gatewayKey(arm, scenario.gateway), gateway]]),
    data: { observations: [], answers: [] },
  };
}

/** A gateway that does not tell them has a main thread at least. */
async function unitsOf(gateway: Gateway): Promise<Unit[]> {
  const main = { name: 'main', pid: gateway.ready.pid, threadId: 0 };
  const { admin } = gateway.ready.ports;
  const asked = admin === null ? undefined : await new AdminClient(admin).threads();
  if (!asked?.ok) return [main];
  return asked.value.threads.map(({ name, pid, threadId }) => ({ name, pid, threadId: typeof threadId === 'number' ? threadId : 0 }));
}

/** The signal is for the gateway; what wraps it then has its own work to do, for which it has time, but not for ever. */
async function endWrapped(gateway: Gateway, limitMs: number, signal: AbortSignal): Promise<void> {
  signalIfThere(gateway.ready.pid, 'SIGTERM');
  const kill = () => signalIfThere(-gateway.pid, 'SIGKILL');
  const timer = setTimeout(kill, limitMs);
  if (signal.aborted) kill();
  else signal.addEventListener('abort', kill);
  await gateway.exited;
  clearTimeout(timer);
  signal.removeEventListener('abort', kill);
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** What of an error a report says; what is no trouble of a process is a defect, and goes on. */
export function troubleOf(error: unknown, signal: AbortSignal): string {
  if (!(error instanceof ChildError)) throw error;
  return signal.aborted ? 'interrupted' : error.message;
}
