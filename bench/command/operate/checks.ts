/**
 * The checklist for a gateway that does not do what it should: each line is ok or not, says what was seen, and what to
 * do. Facts are gathered elsewhere; here they are judged.
 */
import { count, number, quantity } from '../../../reports/format.ts';
import { clean } from '../../../reports/text-table.ts';
import type { Asked, GatewayStatus, GatewayThreads } from './admin-client.ts';

export interface Check {
  name: string;
  /** `unknown`: could not be found out, and `remedy` says how. */
  state: 'ok' | 'bad' | 'unknown';
  said: string;
  remedy?: string;
}

/** What a handshake showed. */
export type Handshake =
  | { kind: 'accepted' }
  | { kind: 'refused'; status: number }
  | { kind: 'failed'; message: string }
  /** There was no token to try. */
  | { kind: 'untried' };

export interface LoggedErrors {
  /** With a stack, of this run of the gateway. */
  count: number;
  /** First line of the last one's stack. */
  last: string | undefined;
}

export interface Facts {
  adminPort: number;
  status: Asked<GatewayStatus>;
  /** Of the gateway's port: what connecting came to; `undefined` where it worked. */
  connectProblem: string | undefined;
  handshake: Handshake;
  /** Two looks at the threads, a second apart. */
  threads: readonly [GatewayThreads, GatewayThreads] | undefined;
  /** Cores' worth of time that a process of this host may use. */
  cores: number;
  /** `undefined` where the log is no file, or cannot be read. */
  errors: LoggedErrors | undefined;
  tokenVariable: string;
}

/** The main loop is to take events at once, whatever agents do; ten times this would be felt. */
const LOOP_DELAY_P99_MS_MAX = 20;
/** From here on threads spend a quarter of their time waiting for a core. */
export const WAIT_RATIO_MAX = 0.3;
/** Threads that ran less tell nothing about cores. */
const RUN_MS_MIN = 50;

export function judge(facts: Facts): Check[] {
  if (!facts.status.ok) return [up(facts)];
  const status = facts.status.value;
  return [
    up(facts),
    port(status, facts),
    token(status, facts),
    units(status, facts),
    coreWait(facts),
    mainLoop(status, facts),
    errors(status, facts),
    refusals(status),
    deaths(status),
    quotas(status),
  ];
}

function up({ status, adminPort }: Facts): Check {
  const name = 'gateway';
  if (!status.ok) {
    const remedy =
      status.reason === 'unreachable'
        ? 'start it: gatebench gateway start --config FILE; if it runs with another gateway.adminPort: --admin PORT, or --config FILE'
        : `look what listens there: lsof -iTCP:${adminPort} -sTCP:LISTEN`;
    return { name, state: 'bad', said: status.message, remedy };
  }
  const { state, version, pid } = status.value;
  const said = `version ${clean(version)}, process ${pid}, ${clean(state)}`;
  if (state === 'running') return { name, state: 'ok', said };
  return { name, state: 'bad', said, remedy: 'it takes no new turns; start another when it has ended' };
}

function port({ config, port: taken }: GatewayStatus, { connectProblem }: Facts): Check {
  const name = 'port';
  const where = `${clean(config.gateway.host)}:${taken ?? '?'}`;
  if (connectProblem === undefined) {
    return { name, state: 'ok', said: `${where} accepts connections; see them: lsof -iTCP:${taken} -sTCP:ESTABLISHED` };
  }
  const remedy = 'look into its log; a firewall, or gateway.connectionsMax reached, can be why';
  return { name, state: 'bad', said: `${where}: ${connectProblem}`, remedy };
}

function token({ config: { auth } }: GatewayStatus, { handshake, tokenVariable }: Facts): Check {
  const name = 'token';
  const isOn = auth.tokens.length > 0 || auth.tokensFile !== undefined;
  const ask = `export ${tokenVariable}=TOKEN, or name another variable by --token-env NAME, and ask again`;
  switch (handshake.kind) {
    case 'accepted':
      return {
        name,
        state: 'ok',
        said: isOn ? `valid: a handshake with that of ${tokenVariable} was accepted` : 'none needed: authentication is off, on loopback',
      };
    case 'untried':
      return { name, state: 'unknown', said: `authentication is on, and ${tokenVariable} is not set`, remedy: ask };
    case 'failed':
      return { name, state: 'bad', said: `the handshake failed: ${clean(handshake.message)}`, remedy: 'look into its log' };
    case 'refused': {
      const bad = handshake.status === 401;
      return {
        name,
        state: 'bad',
        said: bad ? `that of ${tokenVariable} is not valid` : `the handshake was refused with status ${handshake.status}`,
        remedy: bad
          ? 'compare it with auth.tokens and the file auth.tokensFile; after a change of that file: kill -HUP the gateway'
          : 'look into its log at level debug',
      };
    }
  }
}

function units({ config: { agents } }: GatewayStatus, { cores }: Facts): Check {
  const { execution, threadPool, processPool } = agents;
  const processes = execution === 'process';
  const name = processes ? 'maxProcesses' : 'maxThreads';
  if (execution === 'inline' && !agents.allowExecutionOverride) {
    return { name, state: 'ok', said: 'agents run on the main thread: agents.execution is "inline"' };
  }
  const most = processes ? processPool.maxProcesses : threadPool.maxThreads;
  const usable = Math.max(1, Math.ceil(cores));
  const said = `at most ${most}, on ${coresOf(cores)}`;
  if (most <= usable) return { name, state: 'ok', said };
  return {
    name,
    state: 'bad',
    said,
    remedy: `threads beyond the cores compute nothing faster: set agents.${processes ? 'processPool' : 'threadPool'}.${name} to ${usable}, or measure first`,
  };
}

function coreWait({ threads, cores }: Facts): Check {
  const name = 'core wait';
  const over = threads && waitOver(threads);
  if (over === undefined) return { name, state: 'unknown', said: 'this system does not say how long threads wait for a core' };
  if (over.runMs < RUN_MS_MIN) return { name, state: 'ok', said: 'its threads are idle' };
  const ratio = over.waitMs / over.runMs;
  const said = `its threads waited ${number(ratio)} times as long for a core as they ran, over the last second`;
  if (ratio <= WAIT_RATIO_MAX) return { name, state: 'ok', said };
  return {
    name,
    state: 'bad',
    said,
    remedy: `over-subscribed: fewer threads, or more than ${coresOf(cores)}, or nothing else beside it`,
  };
}

/** May be a fraction. */
function coresOf(cores: number): string {
  return `${Number(cores.toFixed(2))} core${cores === 1 ? '' : 's'}`;
}

/** Sums over the threads that are in both looks. */
function waitOver([before, after]: readonly [GatewayThreads, GatewayThreads]): { runMs: number; waitMs: number } | undefined {
  const earlier = new Map(before.threads.map((thread) => [thread.name, thread]));
  const sum = { runMs: 0, waitMs: 0 };
  let known = false;
  for (const { name, cpuMs, runQueueWaitMs } of after.threads) {
    const then = earlier.get(name);
    if (!then || cpuMs === null || then.cpuMs === null || runQueueWaitMs === null || then.runQueueWaitMs === null) continue;
    known = true;
    sum.runMs += cpuMs - then.cpuMs;
    sum.waitMs += runQueueWaitMs - then.runQueueWaitMs;
  }
  return known ? sum : undefined;
}

function mainLoop({ window: { loopDelayMs }, config: { agents } }: GatewayStatus, { threads }: Facts): Check {
  const name = 'main thread';
  const { p99, max } = loopDelayMs;
  const said = `takes events within ${quantity(p99, 'ms')} (p99), at worst ${quantity(max, 'ms')}`;
  if (p99 <= LOOP_DELAY_P99_MS_MAX) return { name, state: 'ok', said };
  const waits = threads?.[1].threads.find(({ kind }) => kind === 'main')?.runQueueWaitRatio ?? 0;
  const remedy =
    waits > WAIT_RATIO_MAX
      ? `it waits for a core ${number(waits)} times as long as it runs: fewer threads and other processes, or more cores`
      : agents.execution === 'inline'
        ? 'agents compute on it: set agents.execution to "thread", or start it with --mode thread-bound'
        : 'see which threads are busy: gatebench status --threads; what the main thread does: node --cpu-prof';
  return { name, state: 'bad', said, remedy };
}

function errors({ log }: GatewayStatus, { errors: found }: Facts): Check {
  const name = 'errors';
  if (log.errorsLogged === 0) return { name, state: 'ok', said: 'none in its log' };
  const seen = found && found.count > 0 ? `; ${count(found.count)} with a stack, the last: ${clean(found.last ?? '')}` : '';
  const look = log.file === null ? 'look at its standard error, or set logging.file' : 'gatebench gateway logs --level error';
  return {
    name,
    state: 'bad',
    said: `${count(log.errorsLogged)} logged since it started, the last at ${clean(log.lastErrorAt ?? '?')}${seen}`,
    remedy: look,
  };
}

function refusals({ turns: { codes } }: GatewayStatus): Check {
  const name = 'queue';
  const refused = codes.queue_full ?? 0;
  if (refused === 0) return { name, state: 'ok', said: 'no turn was refused for want of a place' };
  return {
    name,
    state: 'bad',
    said: `${count(refused)} turns were refused with queue_full`,
    remedy: 'more is offered than it can do: offer less, add cores and threads; a longer queueSize only makes turns wait',
  };
}

function deaths({ pools }: GatewayStatus): Check {
  const name = 'deaths';
  const all = Object.values(pools);
  const died = all.reduce((sum, pool) => sum + pool.died, 0);
  const killed = all.reduce((sum, pool) => sum + pool.killed, 0);
  if (died + killed === 0) return { name, state: 'ok', said: 'no thread or process of an agent died' };
  return {
    name,
    state: 'bad',
    said: `of the threads and processes of agents ${count(died)} died and ${count(killed)} were killed; all were replaced`,
    remedy: 'the log says why: gatebench gateway logs --level warn',
  };
}

function quotas({ quotas: { warned, stopped } }: GatewayStatus): Check {
  const name = 'quotas';
  const said = `${count(warned)} warnings, ${count(stopped)} turns stopped`;
  if (stopped === 0) return { name, state: 'ok', said };
  return { name, state: 'bad', said, remedy: 'the log names them; agents.quotas sets the limits' };
}
