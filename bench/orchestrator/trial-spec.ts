/** The trials that a scenario means: seeds, clients, workloads and loads, made from its plain data and an arm. */
import { hash } from 'node:crypto';
import type { Arm } from '../arms.ts';
import type { TraceOptions } from '../command/options.ts';
import { TRACE_RATIOS } from '../conditions.ts';
import type { Certificate } from '../host/certificate.ts';
import type { Extent, Scenario } from '../scenario.ts';
import { rng } from '../statistics/rng.ts';
import type { Draw, LinkUse, Load, TrialSpec, Workload } from '../trial.ts';
import { modelName, profileName } from './model-name.ts';

/** Beyond any think time and reply of the scenarios; a turn that takes longer counts as timed out. */
const TURN_TIMEOUT_MS = 60_000;
const OPEN_IN_FLIGHT_MAX = 4_000;
/** Each session's agents have a process of their own, which takes some 0.2 s of the processor to start: no part of what is measured. */
const PROCESSES_START_MS = 2_000;
/** Of a trial that is also told as a series. */
export const SERIES_BIN_MS = 100;

export interface SpecRequest {
  scenario: Scenario;
  arm: Arm;
  launch: number;
  trial: number;
  /** Of the run. */
  seed: number;
  port: number;
  certificate: Certificate | undefined;
  /** The bearer token of the run's gateways, for arms with authentication. */
  token: string;
  /** Names the run in its traces. */
  run: string;
  load: Load;
  extent: Extent;
  /** For arms whose client leg goes over emulated links: these. */
  links?: readonly LinkUse[];
}

/** With time for processes to start, where an arm has some. */
export function extentOf(extent: Extent, arm: Arm): Extent {
  return arm.execution === 'process' ? { ...extent, warmupMs: extent.warmupMs + PROCESSES_START_MS } : extent;
}

/** All arms face the same draws: the seed depends on scenario, launch and trial, never on the arm. */
export function trialSpec(request: SpecRequest): TrialSpec {
  const { scenario, arm, launch, trial, extent, links } = request;
  const { conditions } = arm;
  const load = sharedOut(request.load, links);
  const workload: Workload = {
    ...scenario.workload,
    model: modelName(scenario.model, arm),
    history: arm.history,
    ...(scenario.model.computeMs === undefined ? {} : { unlimited: true }),
  };
  return {
    // The same for all arms: the turns’ keys begin with it, and the mock LLM draws from the keys.
    id: `${scenario.name}-${launch}-${trial}`,
    seed: rng(`${request.seed}/${scenario.name}/${launch}/${trial}`).integer(2 ** 31),
    client: {
      leg: arm.client,
      host: '127.0.0.1',
      port: request.port,
      keep: scenario.keep ?? 'session',
      connectionsMax: 20_000,
      streamsPerConnection: conditions.streamsPerConnection,
      compression: conditions.compression,
      ...(conditions.tls && request.certificate ? { tls: { ca: request.certificate.ca, servername: 'localhost' } } : {}),
      ...(conditions.auth === 'none' ? {} : { headers: { authorization: `Bearer ${request.token}` } }),
      ...(conditions.auth === 'message' ? { session: {} } : {}),
    },
    workload,
    load,
    ...tracing(arm, request.run),
    ...(links ? { links } : {}),
    ...besideOf(scenario, arm),
    warmupMs: extent.warmupMs,
    measureMs: extent.measureMs,
    drainMs: extent.drainMs,
    turnTimeoutMs: TURN_TIMEOUT_MS,
    // Of each of the two loads.
    inFlightMax: load.kind === 'closed' ? Math.max(load.users, conditions.besideUsers) * 2 + 10 : OPEN_IN_FLIGHT_MAX,
    seriesBinMs: scenario.plan.kind === 'overload' ? SERIES_BIN_MS : 0,
  };
}

/** The generator decides which turns are traced, and says so with each turn. Arms have turns of the same keys, and traces of their own. */
function tracing({ id, conditions: { telemetry } }: Arm, run: string): Pick<TrialSpec, 'telemetry'> {
  const traceRatio = TRACE_RATIOS[telemetry];
  return traceRatio > 0 ? { telemetry: { traceRatio, run: `${run}-${hash('sha256', id, 'hex').slice(0, 12)}` } } : {};
}

/** Each link has as many users. */
function sharedOut(load: Load, links: readonly LinkUse[] | undefined): Load {
  return load.kind === 'closed' && links ? { ...load, users: usersOver(links.length, load.users) } : load;
}

/** At least as many, and as many over each link. */
export function usersOver(links: number, users: number): number {
  return Math.ceil(users / links) * links;
}

/** All users work in step with nobody: their first turns are spread over the length of one. */
function besideOf({ beside }: Scenario, { conditions }: Arm): Pick<TrialSpec, 'beside'> {
  const { besideUsers, besideCpu } = conditions;
  if (!beside || besideUsers === 0) return {};
  const computeMs = Math.round((beside.turnMs * besideCpu) / 100);
  // With a tool there are two inferences, which share the time that is left.
  const ttftMs = (beside.turnMs - computeMs) / (computeMs > 0 ? 2 : 1);
  const workload: Workload = {
    model: profileName({ profile: 'fixed', ttftMs, tpotMs: 0, jitter: 'off', stalls: 'off', ...(computeMs > 0 ? { computeMs } : {}) }),
    agent: 'codex',
    turnsPerSession: 1_000,
    thinkMs: fixed(0),
    inputTokens: fixed(20),
    outputTokens: fixed(beside.outputTokens),
    unlimited: true,
    history: 'full',
    phases: false,
  };
  return { beside: { workload, load: { kind: 'closed', users: besideUsers, spreadMs: beside.turnMs } } };
}

function fixed(value: number): Draw {
  return { kind: 'fixed', value };
}

/** The load of a scenario with one fixed load, on this arm and with this recording. */
export function loadOf(scenario: Scenario, arm: Arm, trace: TraceOptions | undefined): Load {
  const { plan } = scenario;
  if (plan.kind !== 'load') throw new Error(`scenario ${scenario.name} has no fixed load`);
  if (arm.conditions.users > 0) {
    const spreadMs = plan.load.kind === 'closed' ? plan.load.spreadMs : 0;
    return { kind: 'closed', users: arm.conditions.users, spreadMs };
  }
  if (plan.load.kind === 'replay' && trace) {
    return { ...plan.load, path: trace.path, format: trace.format, speedup: trace.speedup, limit: trace.limit };
  }
  return plan.load;
}

/** A short closed loop that compiles a fresh gateway's hot paths before anything is measured; without links, which would thin it out. */
export function warmUpSpec({ links: _links, ...request }: Omit<SpecRequest, 'load' | 'extent' | 'trial'>): TrialSpec {
  const { beside: _, ...alone } = request.scenario;
  const scenario: Scenario = {
    ...alone,
    name: 'warm-up',
    model: { profile: 'fixed', ttftMs: 5, tpotMs: 2, jitter: 'off', stalls: 'off' },
    workload: {
      ...request.scenario.workload,
      turnsPerSession: 1_000,
      outputTokens: { kind: 'fixed', value: 60 },
      thinkMs: { kind: 'fixed', value: 0 },
    },
  };
  // Each session of an arm with processes has one of its own to start.
  const users = request.arm.execution === 'process' ? 4 : 24;
  const extent = { launches: 1, trialsPerLaunch: 1, warmupMs: 0, measureMs: 400, drainMs: 800 };
  return trialSpec({ ...request, scenario, trial: 0, extent, load: { kind: 'closed', users, spreadMs: 50 } });
}
