import { describe, expect, it } from 'vitest';
import { statusPage, thread, threadsPage } from '../testing/admin.ts';
import type { GatewayStatus } from './admin-client.ts';
import { type Check, type Facts, judge } from './checks.ts';

function facts(over: Partial<Facts> = {}, status: Partial<GatewayStatus> = {}): Facts {
  return {
    adminPort: 18_790,
    status: { ok: true, value: statusPage(status) },
    connectProblem: undefined,
    handshake: { kind: 'accepted' },
    threads: [threadsPage(thread({ cpuMs: 1_000, runQueueWaitMs: 900 })), threadsPage(thread({ cpuMs: 1_800, runQueueWaitMs: 950 }))],
    cores: 2,
    errors: undefined,
    tokenVariable: 'GATEBENCH_TOKEN',
    ...over,
  };
}

const named = (checks: readonly Check[], name: string) => checks.find((check) => check.name === name);
const { agents, gateway } = statusPage().config;
const pool = statusPage().pools.thread!;
const log = statusPage().log;
const auth = { tokens: ['[secret]'] };

describe('the checklist', () => {
  it('finds nothing wrong with a sound gateway, in the order in which one looks', () => {
    const checks = judge(facts());
    expect(checks.map(({ name }) => name)).toEqual([
      'gateway',
      'port',
      'token',
      'maxThreads',
      'core wait',
      'main thread',
      'errors',
      'queue',
      'deaths',
      'quotas',
    ]);
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(checks.filter(({ remedy }) => remedy !== undefined)).toEqual([]);
  });

  it('stops at a gateway that does not answer, and says how it is started', () => {
    const down = judge(facts({ status: { ok: false, reason: 'unreachable', message: 'connect ECONNREFUSED' } }));
    expect(down).toEqual([
      { name: 'gateway', state: 'bad', said: 'connect ECONNREFUSED', remedy: expect.stringContaining('gatebench gateway start') },
    ]);
    const [stranger] = judge(facts({ status: { ok: false, reason: 'stranger', message: 'is no gateway' } }));
    expect(stranger!.remedy).toContain('lsof -iTCP:18790 -sTCP:LISTEN');
  });

  it.each<[string, Partial<Facts>, Partial<GatewayStatus>, Partial<Check>]>([
    ['gateway', {}, { state: 'draining' }, { state: 'bad', said: expect.stringContaining('draining') }],
    ['port', { connectProblem: 'connect ECONNREFUSED' }, {}, { state: 'bad', said: '127.0.0.1:18789: connect ECONNREFUSED' }],
    ['token', {}, {}, { state: 'ok', said: expect.stringContaining('authentication is off') }],
    ['token', {}, { config: { agents, gateway, auth } }, { state: 'ok', said: expect.stringContaining('valid') }],
    [
      'token',
      { handshake: { kind: 'untried' } },
      { config: { agents, gateway, auth } },
      { state: 'unknown', remedy: expect.stringContaining('GATEBENCH_TOKEN') },
    ],
    [
      'token',
      { handshake: { kind: 'refused', status: 401 } },
      { config: { agents, gateway, auth } },
      { state: 'bad', said: 'that of GATEBENCH_TOKEN is not valid', remedy: expect.stringContaining('auth.tokens') },
    ],
    [
      'token',
      { handshake: { kind: 'refused', status: 503 } },
      { config: { agents, gateway, auth } },
      { state: 'bad', said: 'the handshake was refused with status 503' },
    ],
    ['token', { handshake: { kind: 'failed', message: 'socket hang up' } }, {}, { state: 'bad', said: expect.stringContaining('hang up') }],
    ['maxThreads', { cores: 1.5 }, {}, { state: 'ok', said: 'at most 2, on 1.5 cores' }],
    ['maxThreads', { cores: 1 }, {}, { state: 'bad', remedy: expect.stringContaining('agents.threadPool.maxThreads to 1') }],
    [
      'maxProcesses',
      { cores: 1 },
      { config: { auth, gateway, agents: { ...agents, execution: 'process' } } },
      { state: 'bad', remedy: expect.stringContaining('agents.processPool.maxProcesses to 1') },
    ],
    [
      'maxThreads',
      { cores: 1 },
      { config: { auth, gateway, agents: { ...agents, execution: 'inline' } } },
      { state: 'ok', said: expect.stringContaining('main thread') },
    ],
    [
      'core wait',
      { threads: [threadsPage(thread({ cpuMs: 0, runQueueWaitMs: 0 })), threadsPage(thread({ cpuMs: 500, runQueueWaitMs: 500 }))] },
      {},
      { state: 'bad', said: expect.stringContaining('1.00 times'), remedy: expect.stringContaining('over-subscribed') },
    ],
    // What a thread that was not there a second ago has used says nothing of that second.
    [
      'core wait',
      { threads: [threadsPage(), threadsPage(thread({ cpuMs: 5_000, runQueueWaitMs: 9_000 }))] },
      {},
      { state: 'ok', said: 'its threads are idle' },
    ],
    ['core wait', { threads: undefined }, {}, { state: 'unknown' }],
    [
      'core wait',
      {
        threads: [threadsPage(), threadsPage()].map(({ threads }) => ({
          threads: threads.map((one) => ({ ...one, runQueueWaitMs: null })),
          osThreads: null,
        })) as never,
      },
      {},
      { state: 'unknown' },
    ],
    [
      'main thread',
      {},
      { window: { sinceMs: 1, loopDelayMs: { p50: 1, p90: 30, p99: 60, max: 300 }, loopUtilisation: 0.9 } },
      {
        state: 'bad',
        said: 'takes events within 60.0 ms (p99), at worst 300 ms',
        remedy: expect.stringContaining('which threads are busy'),
      },
    ],
    [
      'main thread',
      {},
      {
        window: { sinceMs: 1, loopDelayMs: { p50: 1, p90: 30, p99: 60, max: 300 }, loopUtilisation: 0.9 },
        config: { auth, gateway, agents: { ...agents, execution: 'inline' } },
      },
      { state: 'bad', remedy: expect.stringContaining('--mode thread-bound') },
    ],
    [
      'main thread',
      {
        threads: [
          { threads: [], osThreads: null },
          { threads: [thread({ kind: 'main', runQueueWaitRatio: 2 })], osThreads: null },
        ],
      },
      { window: { sinceMs: 1, loopDelayMs: { p50: 1, p90: 30, p99: 60, max: 300 }, loopUtilisation: 0.9 } },
      { state: 'bad', remedy: expect.stringContaining('it waits for a core 2.00 times') },
    ],
    [
      'errors',
      { errors: { count: 2, last: 'TypeError: boom' } },
      { log: { ...log, file: '/x', errorsLogged: 3, lastErrorAt: 'then' } },
      {
        state: 'bad',
        said: '3 logged since it started, the last at then; 2 with a stack, the last: TypeError: boom',
        remedy: 'gatebench gateway logs --level error',
      },
    ],
    ['errors', {}, { log: { ...log, errorsLogged: 1 } }, { state: 'bad', remedy: expect.stringContaining('logging.file') }],
    [
      'queue',
      {},
      { turns: { inFlight: 0, waiting: 0, ended: {}, codes: { queue_full: 7 } } },
      { state: 'bad', said: '7 turns were refused with queue_full' },
    ],
    [
      'deaths',
      {},
      { pools: { thread: { ...pool, died: 2 }, process: { ...pool, killed: 1 } } },
      { state: 'bad', said: expect.stringMatching(/ 2 died and 1 were killed/) },
    ],
    ['quotas', {}, { quotas: { warned: 3, stopped: 2 } }, { state: 'bad', said: '3 warnings, 2 turns stopped' }],
  ])('%s (%#)', (name, over, status, expected) => {
    const check = named(judge(facts(over, status)), name);
    expect(check).toMatchObject(expected);
    expect(check!.remedy === undefined).toBe(check!.state === 'ok' || (name === 'core wait' && check!.state === 'unknown'));
  });
});
