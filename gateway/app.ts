/**
 * The gateway, composed: a listener for all transports, a chain of handlers that each do one thing, the agents behind
 * them, and the status page beside them. The order of the chain is the order in which a turn may still be refused
 * cheaply: counted, admitted, given a deadline, given its history, run.
 */
import type { Handler, Outcome } from '../transports/contract.ts';
import { serve } from '../transports/server.ts';
import type { ServeLimits, Server } from '../transports/wire.ts';
import { type Admin, serveAdmin } from './admin.ts';
import { admission } from './admission.ts';
import type { AgentSettings } from './agents/index.ts';
import { AGENT_NAMES, type AgentName } from './agents/names.ts';
import { BearerAuth } from './auth.ts';
import type { GatewayConfig } from './config.ts';
import { counted, TurnCounts, type TurnWatcher } from './counts.ts';
import { deadline } from './deadline.ts';
import type { Execution } from './execution/execution.ts';
import { inline } from './execution/inline.ts';
import { ThreadPool } from './execution/thread.ts';
import { faulty } from './faults.ts';
import { gatekeeper } from './gatekeeper.ts';
import { ResponseStore } from './history/store.ts';
import { history } from './history.ts';
import type { Log } from './log.ts';
import { type Status, watchStatus } from './status.ts';
import { upstreamOptions } from './upstream.ts';

export interface Gateway {
  readonly ports: { gateway: number; metrics: number | null; admin: number };
  /** Reads the file of tokens again. */
  reload(): void;
  /** Drains for at most `shutdownTimeoutMs`, then ends everything. */
  close(): Promise<void>;
}

/** Rejects when a port cannot be taken or a thread does not start; nothing is left running then. */
export async function startGateway(config: GatewayConfig, log: Log): Promise<Gateway> {
  const auth = new BearerAuth(config.auth.tokens, config.auth.tokensFile);
  const unreadable = auth.reload();
  if (unreadable !== undefined) throw new Error(`auth.tokensFile: ${unreadable}`);
  const turns = new TurnCounts();
  const responses = new ResponseStore(config.responses.storeMax, config.responses.storeBytesMax);
  const executions = buildExecutions(config, log);
  const pool = executions.thread instanceof ThreadPool ? executions.thread : undefined;
  const started: { close(): Promise<void> }[] = Object.values(executions);
  let server: Server | undefined;
  let status: Status | undefined;
  let draining = false;
  try {
    await pool?.ready();
    status = watchStatus({
      config,
      turns,
      responses,
      pool,
      connections: () => server?.counts().connections ?? 0,
      draining: () => draining,
    });
    const { status: statusPage, threads } = status;
    const admin: Admin = await serveAdmin(config.gateway.adminPort, {
      '/status': statusPage,
      '/threads': threads,
      '/healthz': () => ({ ok: !draining }),
    });
    started.push(admin);
    server = await listen(config, auth, compose(config, { turns, responses, executions, log }), (code, message) => {
      turns.code(code);
      log.debug({ code, message }, 'peer error');
    });
    const listening = server;
    if (config.auth.tokens.length === 0 && config.auth.tokensFile === undefined)
      log.warn('no tokens: whoever reaches this host may connect');
    return {
      ports: { gateway: server.port, metrics: null, admin: admin.port },
      reload: () => {
        const problem = auth.reload();
        if (problem === undefined) log.info('tokens read again');
        else log.error({ problem }, 'tokens not read again; those from before stay valid');
      },
      close: async () => {
        draining = true;
        await listening.close(config.gateway.shutdownTimeoutMs);
        await Promise.all(started.map((one) => one.close()));
        status?.stop();
      },
    };
  } catch (error) {
    await Promise.all(started.map((one) => one.close()));
    status?.stop();
    throw error;
  }
}

type Executions = Partial<Record<'inline' | 'thread', Execution>>;

/** The executions that the configuration can come to use. */
function buildExecutions({ acp, agents, upstream }: GatewayConfig, log: Log): Executions {
  const settings = Object.fromEntries(
    AGENT_NAMES.map((name) => [name, { streaming: acp[name].streaming, charactersMax: upstream.messageBytesMax }]),
  ) as Record<AgentName, AgentSettings>;
  const wanted = (execution: 'inline' | 'thread') => agents.allowExecutionOverride || agents.execution === execution;
  const { minThreads, maxThreads, idleTimeout, turnsPerThread, queueSize } = agents.threadPool;
  return {
    ...(wanted('inline') ? { inline: inline(settings, upstreamOptions(upstream, 1)) } : {}),
    ...(wanted('thread')
      ? {
          thread: new ThreadPool({
            minThreads,
            maxThreads,
            idleTimeoutMs: idleTimeout,
            turnsPerThread,
            queueMax: queueSize,
            agents: settings,
            upstream: upstreamOptions(upstream, maxThreads),
            onThreadError: (error) => log.error({ err: error }, 'an agent thread ended'),
          }),
        }
      : {}),
  };
}

interface Parts {
  turns: TurnCounts;
  responses: ResponseStore;
  executions: Executions;
  log: Log;
}

function compose(config: GatewayConfig, { turns, responses, executions, log }: Parts): Handler {
  const { acp, agents, upstream, faults } = config;
  const run: Handler = (turn, sink) => {
    const execution = executions[turn.execution as keyof Executions];
    if (!execution) throw new Error(`no execution ${turn.execution}: admission lets none through`);
    return execution.handler(turn, sink);
  };
  const timed = deadline(config.turnTimeoutMs, history(responses, upstream.history, run));
  const admitted = admission(
    {
      defaultAgent: acp.defaultAgent,
      allowedAgents: acp.allowedAgents,
      ...(upstream.models === undefined ? {} : { models: upstream.models }),
      execution: agents.execution,
      executions: Object.keys(executions) as (keyof Executions)[],
    },
    timed,
  );
  const handler = faults === undefined ? admitted : faulty(faults, admitted);
  const watcher: TurnWatcher = {
    ended: (turn, outcome, ms) => {
      if (!log.isLevelEnabled('debug')) return;
      log.debug({ turn: turn.key, agent: turn.agent, outcome: outcome.kind, code: codeOf(outcome), ms }, 'turn ended');
    },
    defect: (turn, err) => log.error({ turn: turn.key, err }, 'a defect ended a turn'),
  };
  return counted(turns, watcher, handler);
}

function codeOf(outcome: Outcome): string | undefined {
  return outcome.kind === 'failed' || outcome.kind === 'refused' ? outcome.code : undefined;
}

function listen(
  config: GatewayConfig,
  auth: BearerAuth,
  handler: Handler,
  onPeerError: (code: string, message: string) => void,
): Promise<Server> {
  const { gateway, acp, upstream } = config;
  const { transport, maxMessageSize, keepAliveInterval } = acp[acp.defaultAgent];
  const limits: ServeLimits = {
    messageBytesMax: maxMessageSize,
    handshakeTimeoutMs: gateway.handshakeTimeoutMs,
    requestTimeoutMs: gateway.requestTimeoutMs,
    connectionsMax: gateway.connectionsMax,
    streamsInFlightMax: gateway.streamsInFlightMax,
    streamsWaitingMax: gateway.streamsWaitingMax,
    namedStreamsMax: gateway.namedStreamsMax,
    connectionLifetimeMs: gateway.connectionLifetimeMs,
    stallTimeoutMs: gateway.stallTimeoutMs,
    streamBufferBytesMax: gateway.streamBufferBytesMax,
  };
  return serve({
    host: gateway.host,
    port: gateway.port,
    ...(gateway.tls ? { tls: { key: gateway.tls.key.reveal(), cert: gateway.tls.cert.reveal() } } : {}),
    handler,
    admit: gatekeeper({ auth, transport, allowedOrigins: gateway.allowedOrigins }),
    limits,
    keepAliveIntervalMs: keepAliveInterval,
    flushMs: gateway.flushMs,
    compression: gateway.compression,
    models: () => upstream.models ?? [],
    onPeerError,
  });
}
