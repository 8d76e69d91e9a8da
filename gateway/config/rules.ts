/**
 * What must hold between fields. A rule is checked whenever the fields that it reads are sound, also where others are
 * not, so that a user sees all problems at once.
 */
import { createSecureContext } from 'node:tls';
import { historyProblem, legProblem } from '../../transports/registry.ts';
import { AGENT_NAMES, type AgentName } from '../agents/names.ts';
import { DEFAULTS } from './defaults.ts';
import type { AgentConfig, ConfigContext, Shape } from './schema.ts';

export type Path = readonly (string | number)[];

export interface RuleScope {
  /** Complete where `sound` says so; elsewhere it may hold anything. */
  value: Shape;
  context: ConfigContext;
  /** Whether these fields have had no problems. */
  sound(...paths: string[]): boolean;
  /** `seen`: where it is not what stands at the path. */
  problem(path: Path, expected: string, seen?: string): void;
}

export function checkRules(scope: RuleScope): void {
  for (const rule of RULES) rule(scope);
}

function ports({ value: { gateway, telemetry }, sound, problem }: RuleScope): void {
  if (!sound('gateway.port', 'gateway.adminPort')) return;
  if (gateway.port === gateway.adminPort && gateway.port !== 0) problem(['gateway', 'adminPort'], 'a port other than gateway.port');
  if (!sound('telemetry.metrics', 'telemetry.metricsPort') || !telemetry.metrics || telemetry.metricsPort === 0) return;
  if (telemetry.metricsPort === gateway.port || telemetry.metricsPort === gateway.adminPort)
    problem(['telemetry', 'metricsPort'], 'a port other than gateway.port and gateway.adminPort');
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function exposure({ value: { gateway, auth, security }, sound, problem }: RuleScope): void {
  if (!sound('auth')) return;
  if (auth.tokens.length > 0 || auth.tokensFile !== undefined) return;
  if (sound('gateway.host') && !isLoopback(gateway.host)) {
    problem(['gateway', 'host'], 'a loopback address, since neither auth.tokens nor auth.tokensFile is given');
  }
  if (sound('security.websocket.enabled') && security.websocket.enabled) {
    problem(['security', 'websocket', 'enabled'], 'false, since neither auth.tokens nor auth.tokensFile is given');
  }
}

function certificate({ value: { gateway }, sound, problem }: RuleScope): void {
  if (!sound('gateway.tls') || !gateway.tls) return;
  try {
    createSecureContext({ key: gateway.tls.key.reveal(), cert: gateway.tls.cert.reveal() });
  } catch (error) {
    problem(
      ['gateway', 'tls'],
      'a key and the certificate for it, in PEM',
      `files that TLS refuses (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}

function agentList({ value: { acp }, sound, problem }: RuleScope): void {
  if (!sound('acp.defaultAgent', 'acp.allowedAgents')) return;
  if (!acp.allowedAgents.includes(acp.defaultAgent))
    problem(['acp', 'defaultAgent'], `one of acp.allowedAgents: ${acp.allowedAgents.join(', ')}`);
}

/** What an agent is granted is never inherited from another. */
const GRANTS = ['tools', 'threads', 'module'] as const;

/** The default agent's settings, which the others have where they say nothing else. */
export function agentConfig(acp: Shape['acp'], name: AgentName): AgentConfig {
  const shared: Partial<AgentConfig> = given(acp[acp.defaultAgent]);
  for (const key of GRANTS) delete shared[key];
  return { ...DEFAULTS.agent, tools: [...DEFAULTS.agent.tools], ...shared, ...given(acp[name]) };
}

/** What was written, without the keys that were not. */
export function given(section: Shape['acp']['codex']): Partial<AgentConfig> {
  return Object.fromEntries(Object.entries(section ?? {}).filter(([, value]) => value !== undefined));
}

/** A connection is opened, and a message read, before its agent is known: these cannot differ between agents. */
const LISTENER_WIDE = ['transport', 'maxMessageSize', 'keepAliveInterval'] as const;

function listenerWide({ value: { acp }, sound, problem }: RuleScope): void {
  if (!sound('acp')) return;
  const shared = agentConfig(acp, acp.defaultAgent);
  for (const name of AGENT_NAMES) {
    const own = given(acp[name]);
    for (const key of LISTENER_WIDE) {
      if (own[key] === undefined || own[key] === shared[key]) continue;
      problem(['acp', name, key], `${JSON.stringify(shared[key])}, as for ${acp.defaultAgent}: all agents share the listener`);
    }
  }
}

/** Each agent with threads of its own needs one, and so do all others together. */
function ownThreads({ value: { acp, agents }, sound, problem }: RuleScope): void {
  if (!sound('acp', 'agents.threadPool.maxThreads', 'agents.execution', 'agents.allowExecutionOverride')) return;
  if (agents.execution !== 'thread' && !agents.allowExecutionOverride) return;
  const own = acp.allowedAgents.filter((name) => agentConfig(acp, name).threads === 'own');
  const needed = own.length + (own.length < acp.allowedAgents.length ? 1 : 0);
  if (own.length === 0 || agents.threadPool.maxThreads >= needed) return;
  problem(
    ['agents', 'threadPool', 'maxThreads'],
    `at least ${needed}, since ${own.join(' and ')} ${own.length === 1 ? 'has' : 'have'} threads of their own`,
  );
}

function tools({ value: { acp, agents }, sound, problem }: RuleScope): void {
  if (sound('acp.subagent') && (acp.subagent?.tools?.length ?? 0) > 0)
    problem(['acp', 'subagent', 'tools'], 'nothing: the agent subagent has no tools');
  if (!sound('acp.codex', 'agents.commands.programs')) return;
  if (acp.codex?.tools?.includes('exec') && agents.commands.programs.length === 0) {
    problem(['agents', 'commands', 'programs'], 'at least one program, since acp.codex.tools has "exec"');
  }
}

function messageSecurity({ value: { security }, sound, problem }: RuleScope): void {
  if (!sound('security.websocket')) return;
  const { enabled, messageAuth, requireMessageAuth, heartbeatInterval } = security.websocket;
  const path = (key: string) => ['security', 'websocket', key];
  if (requireMessageAuth && messageAuth !== 'JWT') problem(path('messageAuth'), '"JWT", since requireMessageAuth is true');
  if (!enabled && messageAuth !== 'none') problem(path('enabled'), 'true, since messageAuth is not "none"');
  if (!enabled && heartbeatInterval > 0) problem(path('enabled'), 'true, since heartbeatInterval is not 0');
}

function workspaces({ value: { agents }, sound, problem }: RuleScope): void {
  if (!sound('agents.workspaces')) return;
  const { folder, fixed } = agents.workspaces;
  if (folder !== undefined && fixed !== undefined)
    problem(['agents', 'workspaces', 'fixed'], 'nothing, since agents.workspaces.folder is given');
}

function processes({ value: { agents }, sound, problem }: RuleScope): void {
  if (!sound('agents.processPool')) return;
  const { minProcesses, maxProcesses } = agents.processPool;
  if (minProcesses > maxProcesses) problem(['agents', 'processPool', 'minProcesses'], `at most maxProcesses, ${maxProcesses}`);
}

function threads({ value: { agents, upstream }, sound, problem }: RuleScope): void {
  if (!sound('agents.threadPool.maxThreads')) return;
  const { maxThreads, minThreads } = agents.threadPool;
  if (sound('agents.threadPool.minThreads') && minThreads !== undefined && minThreads > maxThreads) {
    problem(['agents', 'threadPool', 'minThreads'], `at most maxThreads, ${maxThreads}`);
  }
  if (!sound('agents.execution', 'agents.allowExecutionOverride', 'upstream.connectionsMax')) return;
  const used = agents.execution === 'thread' || agents.allowExecutionOverride;
  if (used && upstream.connectionsMax < maxThreads) {
    problem(['upstream', 'connectionsMax'], `at least agents.threadPool.maxThreads, ${maxThreads}: each thread has connections of its own`);
  }
}

function leg({ value: { upstream }, sound, problem }: RuleScope): void {
  if (!sound('upstream.transport', 'upstream.envelope', 'upstream.connection')) return;
  const { transport, envelope, connection, history } = upstream;
  const seen = `${transport}/${envelope}/${connection}`;
  const impossible = legProblem({ transport, envelope, connection });
  if (impossible !== undefined) problem(['upstream'], `a possible leg (${impossible})`, seen);
  if (!sound('upstream.history')) return;
  const forgetful = historyProblem({ transport, envelope, connection }, history);
  if (forgetful !== undefined) problem(['upstream', 'history'], `"full" (${forgetful})`);
}

function upstreamUrl({ value: { upstream }, sound, problem }: RuleScope): void {
  if (!sound('upstream.url')) return;
  const scheme = new URL(upstream.url).protocol;
  if (sound('upstream.transport') && scheme.startsWith('ws') && upstream.transport !== 'websocket') {
    problem(['upstream', 'url'], `http or https, since upstream.transport is ${JSON.stringify(upstream.transport)}`);
  }
  if (sound('upstream.tls') && upstream.tls && (scheme === 'http:' || scheme === 'ws:')) {
    problem(['upstream', 'tls'], 'nothing, since upstream.url is not https or wss');
  }
}

/** Headers that the connection itself sets. */
const OWN_HEADERS = ['connection', 'content-length', 'content-type', 'host', 'transfer-encoding', 'upgrade', 'accept'];

function upstreamHeaders({ value: { upstream }, sound, problem }: RuleScope): void {
  if (!sound('upstream.headers')) return;
  for (const name of Object.keys(upstream.headers)) {
    const lower = name.toLowerCase();
    const double = lower === 'authorization' && upstream.apiKey !== undefined;
    if (double) problem(['upstream', 'headers', name], 'no such header beside upstream.apiKey', 'a header');
    else if (OWN_HEADERS.includes(lower) || lower.startsWith('sec-websocket-')) {
      problem(['upstream', 'headers', name], 'a header that the transport does not set itself', 'a header');
    }
  }
}

function faultsAllowed({ value: { faults }, context, problem }: RuleScope): void {
  if (faults !== undefined && !context.allowFaults) problem(['faults'], 'nothing: faults are accepted only with --allow-faults');
}

const RULES = [
  ports,
  exposure,
  certificate,
  agentList,
  listenerWide,
  threads,
  ownThreads,
  processes,
  workspaces,
  tools,
  messageSecurity,
  leg,
  upstreamUrl,
  upstreamHeaders,
  faultsAllowed,
];
