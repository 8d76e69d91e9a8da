/** Every default of `openclaw.json`, in the form in which a user would write it. */
import { availableParallelism } from 'node:os';
import { SERVE_LIMITS } from '../../transports/wire.ts';

const { messageBytesMax, ...listenLimits } = SERVE_LIMITS;

export const DEFAULTS = Object.freeze({
  gateway: {
    host: '127.0.0.1',
    port: 18_789,
    adminPort: 18_790,
    allowedOrigins: [],
    flushMs: 0,
    compression: false,
    shutdownTimeoutMs: 10_000,
    ...listenLimits,
  },
  auth: { tokens: [] },
  acp: { defaultAgent: 'codex', allowedAgents: ['codex', 'subagent'] },
  agent: {
    transport: 'any',
    streaming: true,
    maxMessageSize: messageBytesMax,
    keepAliveInterval: 30_000,
    tools: [],
    toolRoundsMax: 8,
    threads: 'shared',
  },
  agents: { execution: 'inline', allowExecutionOverride: false, cancelGraceMs: 2_000 },
  /** `minThreads` is `maxThreads` unless given: a pool of fixed size. */
  threadPool: { maxThreads: availableParallelism(), idleTimeout: 30_000, queueSize: 100, turnsPerThread: 256 },
  processPool: { maxProcesses: availableParallelism(), minProcesses: 1, idleTimeout: 30_000, queueSize: 100, turnsPerProcess: 16 },
  quotas: { cpuMs: 120_000, memory: 512 * 1024 * 1024, warnRatio: 0.8 },
  workspaces: { idleTimeoutMs: 600_000, workspacesMax: 1_000 },
  commands: { programs: [], timeoutMs: 60_000, outputBytesMax: 1024 * 1024, concurrentMax: 8 },
  websocketSecurity: {
    enabled: false,
    handshakeAuth: 'BearerToken',
    messageAuth: 'none',
    requireMessageAuth: false,
    heartbeatInterval: 0,
    sessionLifetimeMs: 3_600_000,
    allowedEnv: [],
  },
  upstream: {
    transport: 'sse',
    envelope: 'chat',
    connection: 'kept',
    connectionsMax: 4_096,
    streamsPerConnection: 16,
    waitingMax: 1_024,
    connectTimeoutMs: 10_000,
    replyTimeoutMs: 120_000,
    messageBytesMax,
    compression: false,
    headers: {},
    history: 'full',
  },
  responses: { storeMax: 10_000, storeBytesMax: 256 * 1024 * 1024 },
  turnTimeoutMs: 600_000,
  telemetry: {
    metrics: false,
    metricsPort: 9_464,
    genAiNames: 'latest',
    traceRatio: 0,
    tracesFileBytesMax: 64 * 1024 * 1024,
    tracesFilesMax: 4,
  },
  logging: { level: 'info', fileBytesMax: 10 * 1024 * 1024, filesMax: 5 },
} as const);
