/** The configuration of the gateway of an arm: what the arm says, what the scenario adds, and room for whatever the load brings. */
import type { Arm } from '../arms.ts';
import { TRACE_RATIOS } from '../conditions.ts';
import type { GatewaySpec } from '../scenario.ts';

export interface GatewaySurroundings {
  upstreamPort: number;
  /** Of arms with authentication. */
  token: string;
  /** That the gateway may use. */
  cores: number;
  /** Files; of arms with TLS. */
  tls: { key: string; cert: string } | undefined;
  /** A file that does not exist yet; of arms with traces. */
  tracesFile: string;
}

/** Beyond what any load brings: what is asked of an arm is what it costs, not when it refuses, unless the scenario says so. */
const ROOM = Object.freeze({ turns: 4_096, queue: 10_000, connections: 20_000, processes: 64 });
/** Trials have sessions of their own; the processes of one trial's are gone before the next is measured. */
const PROCESS_IDLE_MS = 500;

/** Keys that the arm does not need are left out, so that older gateways, which do not know all of them, can be measured too. */
export function gatewayConfig(arm: Arm, spec: GatewaySpec, { upstreamPort, token, cores, tls, tracesFile }: GatewaySurroundings): object {
  const { conditions } = arm;
  const streams = Math.max(16, conditions.streamsPerConnection);
  return {
    gateway: {
      host: '127.0.0.1',
      port: 0,
      adminPort: 0,
      flushMs: conditions.flushMs,
      compression: conditions.compression,
      streamsInFlightMax: streams,
      namedStreamsMax: Math.max(32, streams),
      connectionsMax: ROOM.connections,
      ...(tls ? { tls } : {}),
    },
    ...(conditions.auth === 'none' ? {} : security(conditions, token)),
    acp: { defaultAgent: 'codex', allowedAgents: ['codex', 'subagent'], ...codex(spec) },
    agents: { execution: arm.execution, ...pools(arm, spec, cores) },
    upstream: {
      url: `http://127.0.0.1:${upstreamPort}`,
      transport: arm.upstream.transport,
      envelope: arm.upstream.envelope,
      connection: arm.upstream.connection,
      streamsPerConnection: conditions.streamsPerConnection,
      connectionsMax: 10_000,
      history: arm.history,
    },
    ...(conditions.telemetry === 'off' ? {} : { telemetry: telemetry(conditions, tracesFile) }),
    logging: { level: 'error' },
    ...(spec.faults ? { faults: spec.faults } : {}),
  };
}

/**
 * Which turns are traced the generator decides: a ratio of the gateway's own would have it trace others as well. Traces
 * go where they would go, into a file, so that writing them is part of what they cost.
 */
function telemetry({ telemetry: wanted }: Arm['conditions'], tracesFile: string): object {
  return { metrics: true, metricsPort: 0, ...(TRACE_RATIOS[wanted] > 0 ? { tracesFile } : {}) };
}

function codex({ compute, ownThreads }: GatewaySpec): object {
  const own = { ...(compute ? { tools: ['compute'] } : {}), ...(ownThreads ? { threads: 'own' } : {}) };
  return Object.keys(own).length === 0 ? {} : { codex: own };
}

function pools({ execution }: Arm, spec: GatewaySpec, cores: number): object {
  const { turnsPerThread = ROOM.turns, queueSize = ROOM.queue, threadsMax } = spec;
  const maxThreads = threadsMax === 'cores + 1' ? Math.max(1, Math.floor(cores)) + 1 : threadsMax;
  const threadPool = { ...(maxThreads === undefined ? {} : { maxThreads }), turnsPerThread, queueSize };
  if (execution !== 'process') return { threadPool };
  const processPool = {
    maxProcesses: ROOM.processes,
    minProcesses: 1,
    idleTimeout: PROCESS_IDLE_MS,
    turnsPerProcess: turnsPerThread,
    queueSize,
  };
  return { threadPool, processPool };
}

/**
 * One gateway takes clients with a bearer token alone and those that sign each message. So the arms of the two can share
 * a process, and what tells them apart is not two processes' luck.
 */
function security({ heartbeatMs }: Arm['conditions'], token: string): object {
  const websocket = { enabled: true, messageAuth: 'JWT', heartbeatInterval: heartbeatMs };
  return { auth: { tokens: [token] }, security: { websocket } };
}

/** What a gateway's process depends on: arms that differ only in what the mock LLM, the load or the link does can share one. */
export function gatewayKey(arm: Arm, spec: GatewaySpec | undefined): string {
  const {
    rttMs: _rtt,
    tokensPerChunk: _chunk,
    arrivals: _arrivals,
    users: _users,
    besideCpu: _cpu,
    besideUsers: _beside,
    auth,
    ...ofGateway
  } = arm.conditions;
  return JSON.stringify([arm.kind, arm.client, arm.upstream, arm.history, arm.execution, auth !== 'none', ofGateway, spec ?? {}]);
}
