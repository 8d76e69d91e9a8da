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
  agent: { transport: 'any', streaming: true, maxMessageSize: messageBytesMax, keepAliveInterval: 30_000 },
  agents: { execution: 'inline', allowExecutionOverride: false },
  /** `minThreads` is `maxThreads` unless given: a pool of fixed size. */
  threadPool: { maxThreads: availableParallelism(), idleTimeout: 30_000, queueSize: 100, turnsPerThread: 256 },
  websocketSecurity: { enabled: false, handshakeAuth: 'BearerToken', messageAuth: 'none', heartbeatInterval: 0, requireMessageAuth: false },
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
  telemetry: { metrics: false, traceRatio: 0 },
  logging: { level: 'info' },
} as const);
