/** The trials that a scenario means: seeds, clients, workloads and loads, made from its plain data and an arm. */
import type { Arm } from '../arms.ts';
import type { TraceOptions } from '../command/options.ts';
import type { Certificate } from '../host/certificate.ts';
import type { Extent, Scenario } from '../scenario.ts';
import { rng } from '../statistics/rng.ts';
import type { Load, TrialSpec, Workload } from '../trial.ts';
import { modelName } from './processes.ts';

/** Beyond any think time and reply of the scenarios; a turn that takes longer counts as timed out. */
const TURN_TIMEOUT_MS = 60_000;
const OPEN_IN_FLIGHT_MAX = 4_000;

export interface SpecRequest {
  scenario: Scenario;
  arm: Arm;
  launch: number;
  trial: number;
  /** Of the run. */
  seed: number;
  port: number;
  certificate: Certificate | undefined;
  load: Load;
  extent: Extent;
}

/** All arms face the same draws: the seed depends on scenario, launch and trial, never on the arm. */
export function trialSpec(request: SpecRequest): TrialSpec {
  const { scenario, arm, launch, trial, extent, load } = request;
  const { conditions } = arm;
  const workload: Workload = { ...scenario.workload, model: modelName(scenario.model, arm), history: arm.history };
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
    },
    workload,
    load,
    warmupMs: extent.warmupMs,
    measureMs: extent.measureMs,
    drainMs: extent.drainMs,
    turnTimeoutMs: TURN_TIMEOUT_MS,
    inFlightMax: load.kind === 'closed' ? load.users * 2 + 10 : OPEN_IN_FLIGHT_MAX,
  };
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

/** A short closed loop that compiles a fresh gateway's hot paths before anything is measured. */
export function warmUpSpec(request: Omit<SpecRequest, 'load' | 'extent' | 'trial'>): TrialSpec {
  const scenario: Scenario = {
    ...request.scenario,
    name: 'warm-up',
    model: { profile: 'fixed', ttftMs: 5, tpotMs: 2, jitter: 'off', stalls: 'off' },
    workload: {
      ...request.scenario.workload,
      turnsPerSession: 1_000,
      outputTokens: { kind: 'fixed', value: 60 },
      thinkMs: { kind: 'fixed', value: 0 },
    },
  };
  const extent = { launches: 1, trialsPerLaunch: 1, warmupMs: 0, measureMs: 400, drainMs: 800 };
  return trialSpec({ ...request, scenario, trial: 0, extent, load: { kind: 'closed', users: 24, spreadMs: 50 } });
}
