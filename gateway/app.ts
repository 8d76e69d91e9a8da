/**
 * The gateway, composed: a listener for all transports, a chain of handlers that each do one thing, the agents behind
 * them, and the status page beside them. The order of the chain is the order in which a turn may still be refused
 * cheaply: counted, admitted, given a deadline, given its history, run.
 */
import type { Execution, Handler, Outcome } from '../transports/contract.ts';
import { serve } from '../transports/server.ts';
import type { ServeLimits, Server } from '../transports/wire.ts';
import { type Admin, serveAdmin } from './admin.ts';
import { admission } from './admission.ts';
import { BearerAuth } from './auth.ts';
import { CommandRunner } from './commands/runner.ts';
import type { GatewayConfig } from './config.ts';
import { counted, TurnCounts, type TurnWatcher } from './counts.ts';
import { deadline } from './deadline.ts';
import { agentsHaveFiles, buildExecutions, type Executions } from './execution/build.ts';
import { Watchdog } from './execution/watchdog.ts';
import { delayed, faulty, queued } from './faults.ts';
import { gatekeeper } from './gatekeeper.ts';
import { ResponseStore } from './history/store.ts';
import { history } from './history.ts';
import { Live } from './live.ts';
import type { Log, LogHealth } from './log.ts';
import { LoopDelay } from './loop-delay.ts';
import { admitted, phased, settled } from './phases.ts';
import { SessionTokens } from './security/session-tokens.ts';
import { Sessions } from './sessions.ts';
import { type Status, type StatusSources, watchStatus } from './status.ts';
import { type Sampler, traced } from './telemetry/sampler.ts';
import { startTelemetry, type Telemetry } from './telemetry/telemetry.ts';
import { startTracing } from './telemetry/tracing.ts';
import type { TurnObserver } from './turn-record.ts';

export interface Gateway {
  readonly ports: { gateway: number; metrics: number | null; admin: number };
  /** Reads the file of tokens again. */
  reload(): void;
  /** Drains for at most `shutdownTimeoutMs`, then ends everything. */
  close(): Promise<void>;
}

export interface GatewayServices {
  log: Log;
  health: LogHealth;
  /** Told of each turn that has ended, beside what the configuration asks for. */
  observers?: readonly TurnObserver[];
}

/** Rejects when a port cannot be taken or a thread does not start; nothing is left running then. */
export async function startGateway(config: GatewayConfig, { log, health, observers: others = [] }: GatewayServices): Promise<Gateway> {
  const auth = new BearerAuth(config.auth.tokens, config.auth.tokensFile);
  const unreadable = auth.reload();
  if (unreadable !== undefined) throw new Error(`auth.tokensFile: ${unreadable}`);
  const turns = new TurnCounts();
  const responses = new ResponseStore(config.responses.storeMax, config.responses.storeBytesMax);
  // In the order in which they are closed: agents, then what they have used.
  const started: { close(): Promise<void> }[] = [];
  let server: Server | undefined;
  let status: Status | undefined;
  let draining = false;
  const observers: TurnObserver[] = [...others];
  try {
    // Before all else, so that whoever scrapes in the middle of the start is answered.
    const telemetry = config.telemetry.metrics ? await startTelemetry({ settings: config.telemetry, log }) : undefined;
    if (telemetry) {
      started.push(telemetry);
      observers.push(telemetry.observe);
    }
    const tracing = startTracing(config.telemetry, log);
    started.push(tracing);
    observers.push(tracing.traces.observe);
    const { workspaces, commands: limits, quotas } = config.agents;
    const sessions = new Sessions({
      ...workspaces,
      files: agentsHaveFiles(config),
      allowedEnv: config.security.websocket.allowedEnv,
      onError: (err) => log.error({ err }, 'a workspace was not removed'),
    });
    started.push(sessions);
    const commands = new CommandRunner({
      ...limits,
      owns: (workspace) => sessions.workspaces.owns(workspace),
      temporaryFolder: sessions.workspaces.temporary ? sessions.workspaces.root : undefined,
      onError: (err) => log.error({ err }, 'a command was not ended as it should'),
    });
    started.unshift(commands);
    const executions = await buildExecutions(config, {
      sessions,
      startCommand: commands.start,
      workspaces: sessions.workspaces.root,
      log,
    });
    started.unshift(executions);
    const watchdog = new Watchdog({
      quotas: { cpuMs: quotas.cpuMs, memoryBytes: quotas.memory, warnRatio: quotas.warnRatio },
      units: () => Object.values(executions.pools).flatMap((pool) => pool.units()),
    });
    watchdog.start();
    started.unshift({ close: async () => watchdog.stop() });
    const loopDelay = new LoopDelay();
    const live = new Live({
      address: () => (server ? `${config.gateway.host}:${server.port}` : null),
      inFlight: () => turns.inFlight,
      connections: () => server?.counts().connections ?? 0,
      pools: () => Object.values(executions.pools).map((pool) => pool.glance()),
      draining: () => draining,
      loopDelay,
    });
    observers.push(live.observe);
    started.unshift({ close: async () => live.stop() });
    const sources: StatusSources = {
      config,
      turns,
      responses,
      pools: executions.pools,
      port: () => server?.port ?? null,
      connections: () => server?.counts().connections ?? 0,
      sessions: () => sessions.count,
      commands: () => commands.running,
      quotas: () => ({ warned: watchdog.counts.warned, stopped: watchdog.counts.stopped.cpu + watchdog.counts.stopped.memory }),
      traces: tracing.status,
      log: health,
      draining: () => draining,
    };
    status = watchStatus(sources, undefined, loopDelay);
    telemetry?.watch({ sources, loopDelay, spans: () => tracing.traces.counts() });
    const admin: Admin = await serveAdmin(config.gateway.adminPort, { ...live.pages, ...status.pages, ...tracing.pages });
    started.unshift(admin);
    server = await listen(
      config,
      auth,
      compose(config, { turns, responses, executions, observers, telemetry, sample: tracing.sample, log }),
      (code, message) => {
        turns.code(code);
        log.debug({ code, message }, 'peer error');
      },
    );
    const listening = server;
    status.start();
    live.start();
    if (config.auth.tokens.length === 0 && config.auth.tokensFile === undefined)
      log.warn('no tokens: whoever reaches this host may connect');
    return {
      ports: { gateway: server.port, metrics: telemetry?.port ?? null, admin: admin.port },
      reload: () => {
        const problem = auth.reload();
        if (problem === undefined) log.info('tokens read again');
        else log.error({ problem }, 'tokens not read again; those from before stay valid');
      },
      close: async () => {
        draining = true;
        await listening.close(config.gateway.shutdownTimeoutMs);
        for (const one of started) await one.close();
        status?.stop();
      },
    };
  } catch (error) {
    for (const one of started) await one.close();
    status?.stop();
    throw error;
  }
}

interface Parts {
  turns: TurnCounts;
  responses: ResponseStore;
  executions: Executions;
  observers: readonly TurnObserver[];
  telemetry: Telemetry | undefined;
  sample: Sampler;
  log: Log;
}

function compose(config: GatewayConfig, { turns, responses, executions, observers, telemetry, sample, log }: Parts): Handler {
  const { acp, agents, upstream, faults } = config;
  const run: Handler = (turn, sink) => {
    const execution = executions.all[turn.execution ?? agents.execution];
    if (!execution) throw new Error(`no execution ${turn.execution}: admission lets none through`);
    return execution.handler(turn, sink);
  };
  const { dispatch = 0, queue = 0 } = faults?.delayMs ?? {};
  const dispatched = delayed(dispatch, queued(queue, run));
  const timed = deadline(config.turnTimeoutMs, history(responses, upstream.history, admitted(dispatched)));
  const judged = admission(
    {
      defaultAgent: acp.defaultAgent,
      allowedAgents: acp.allowedAgents,
      ...(upstream.models === undefined ? {} : { models: upstream.models }),
      execution: agents.execution,
      executions: Object.keys(executions.all) as Execution[],
    },
    settled(timed),
  );
  const handler = faults === undefined ? judged : faulty(faults, judged);
  const watcher: TurnWatcher = {
    ended: (turn, outcome, ms) => {
      if (!log.isLevelEnabled('debug')) return;
      log.debug({ turn: turn.key, agent: turn.agent, outcome: outcome.kind, code: codeOf(outcome), ms }, 'turn ended');
    },
    defect: (turn, err) => log.error({ turn: turn.key, err }, 'a defect ended a turn'),
  };
  return phased(
    {
      execution: agents.execution,
      observers,
      onObserverError: (turn, err) => {
        telemetry?.observerFailed();
        log.error({ turn: turn.key, err }, 'an observer of turns failed');
      },
    },
    traced(sample, counted(turns, watcher, handler)),
  );
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
  const { gateway, acp, security, upstream, faults } = config;
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
    connectionsPerClientMax: gateway.connectionsPerClientMax,
    connectionsPerSecondMax: gateway.connectionsPerSecondMax,
    turnsPerSecondMax: gateway.turnsPerSecondMax,
  };
  const { messageAuth, requireMessageAuth, heartbeatInterval, sessionLifetimeMs, allowedEnv } = security.websocket;
  return serve({
    host: gateway.host,
    port: gateway.port,
    ...(gateway.tls ? { tls: { key: gateway.tls.key.reveal(), cert: gateway.tls.cert.reveal() } } : {}),
    handler,
    admit: gatekeeper({ auth, transport, allowedOrigins: gateway.allowedOrigins }),
    limits,
    keepAliveIntervalMs: keepAliveInterval,
    heartbeatIntervalMs: heartbeatInterval,
    ...(messageAuth === 'JWT' ? { sessions: new SessionTokens({ lifetimeMs: sessionLifetimeMs, allowedEnv }) } : {}),
    requireMessageAuth,
    flushMs: gateway.flushMs,
    compression: gateway.compression,
    ...(faults?.extraBytesPerToken === undefined ? {} : { extraBytesPerToken: faults.extraBytesPerToken }),
    models: () => upstream.models ?? [],
    onPeerError,
  });
}
