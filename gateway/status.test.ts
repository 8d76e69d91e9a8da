import { afterEach, describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';
import { TurnCounts } from './counts.ts';
import type { PoolStatus, UnitStatus } from './execution/status.ts';
import { LoopDelay } from './loop-delay.ts';
import type { OsThread } from './os-threads.ts';
import { type OsSource, type Status, type StatusPool, type TracesStatus, watchStatus } from './status.ts';

const SWITCHES: OsThread = { runMs: 40, runQueueWaitMs: 10, runQueueWaitRatio: 0.25, voluntarySwitches: 7, involuntarySwitches: 3 };
const asked: string[] = [];
const OS: OsSource = {
  thread(id) {
    asked.push(`thread ${id}`);
    return SWITCHES;
  },
  process(pid) {
    asked.push(`process ${pid}`);
    return { ...SWITCHES, runMs: 99 };
  },
  threadCount: () => 11,
};

function unit(over: Partial<UnitStatus>): UnitStatus {
  return {
    name: 'agent-1',
    kind: 'thread',
    threadId: 1,
    osThreadId: 501,
    pid: process.pid,
    agent: null,
    state: 'idle',
    turns: 0,
    ageMs: 1_000,
    cpuMs: 12,
    heapUsedBytes: 5_000_000,
    externalBytes: 1_000,
    rssBytes: null,
    ...over,
  };
}

class FakePool implements StatusPool {
  windows = 0;
  readonly #units: UnitStatus[];
  readonly #waiting: number;

  constructor(units: UnitStatus[], waiting: number) {
    this.#units = units;
    this.#waiting = waiting;
  }

  status(): PoolStatus {
    return {
      units: this.#units,
      waiting: this.#waiting,
      dispatch: { count: 5, p50Micros: 60, p99Micros: 400 },
      queueWaitMs: { p50: 1, p99: 20 },
      started: 3,
      ended: 1,
      died: 1,
      killed: 0,
    };
  }

  beginWindow(): void {
    this.windows += 1;
  }
}

let status: Status | undefined;
afterEach(() => status?.stop());

function watch(
  pools: Record<string, StatusPool>,
  over: { draining?: boolean; execution?: string; loopDelay?: LoopDelay; traces?: () => TracesStatus } = {},
): Status {
  const parsed = parseConfig(
    {
      auth: { tokens: ['a-hidden-token'] },
      agents: { execution: over.execution ?? 'thread' },
      upstream: { url: 'http://127.0.0.1:1', apiKey: 'a-hidden-key' },
    },
    { folder: '/', env: {}, allowFaults: false },
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const turns = new TurnCounts();
  turns.inFlight = 4;
  turns.code('queue_full');
  status = watchStatus(
    {
      config: parsed.config,
      turns,
      responses: { count: 2, bytes: 300 },
      pools,
      port: () => 18_789,
      connections: () => 6,
      sessions: () => 3,
      commands: () => 1,
      traces: () => over.traces?.() ?? { turns: 3, kept: 2, keptBytes: 9, spans: { made: 20, lost: { queue_full: 1, file_failed: 2 } } },
      quotas: () => ({ warned: 2, stopped: 1 }),
      log: { file: '/var/log/gateway.log', currentFile: '/var/log/gateway.3.log', errorsLogged: 1, lastErrorAt: 'then', linesDropped: 0 },
      draining: () => over.draining ?? false,
    },
    OS,
    over.loopDelay,
  );
  status.start();
  return status;
}

function page(path: string, method: 'GET' | 'POST' = 'GET') {
  const answer = status!.pages[path]![method]!({ rest: '', query: new URLSearchParams() });
  if (!('body' in answer)) throw new Error(`${path} is no page of JSON`);
  return { ...answer, body: JSON.parse(JSON.stringify(answer.body)) as Record<string, unknown> };
}

describe('/status', () => {
  it('says how the gateway is, and no secret', () => {
    watch({ thread: new FakePool([unit({}), unit({ name: 'agent-2' })], 9) });
    const { body } = page('/status');
    expect(body).toMatchObject({
      state: 'running',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      pid: process.pid,
      port: 18_789,
      connections: 6,
      sessions: 3,
      turns: { inFlight: 4, waiting: 9, ended: { completed: 0 }, codes: { queue_full: 1 } },
      pools: {
        thread: {
          units: 2,
          waiting: 9,
          dispatchMicros: { count: 5, p50: 60, p99: 400 },
          queueWaitMs: { p50: 1, p99: 20 },
          started: 3,
          ended: 1,
          died: 1,
          killed: 0,
        },
      },
      quotas: { warned: 2, stopped: 1 },
      commands: { running: 1 },
      traces: { turns: 3, kept: 2, spans: { made: 20, lost: { queue_full: 1, file_failed: 2 } } },
      responses: { stored: 2, bytes: 300 },
      log: { level: 'info', file: '/var/log/gateway.log', currentFile: '/var/log/gateway.3.log', errorsLogged: 1, lastErrorAt: 'then' },
      window: {
        sinceMs: expect.any(Number),
        loopDelayMs: { p50: expect.any(Number), p90: expect.any(Number), p99: expect.any(Number), max: expect.any(Number) },
        loopUtilisation: expect.any(Number),
        dispatchMicros: { count: 5, p50: 60, p99: 400 },
        queueWaitMs: { p50: 1, p99: 20 },
        spans: { made: 0, lost: 0 },
      },
      config: { auth: { tokens: ['[secret]'] } },
    });
    expect(JSON.stringify(body)).not.toContain('hidden');
  });

  it('has no figures of dispatch where nothing is dispatched, and those of the default execution where two are', () => {
    watch({}, { execution: 'inline' });
    expect(page('/status').body).toMatchObject({ pools: {}, window: { dispatchMicros: null, queueWaitMs: null } });
    status?.stop();
    class Slow extends FakePool {
      override status(): PoolStatus {
        return { ...super.status(), queueWaitMs: { p50: 500, p99: 900 } };
      }
    }
    watch({ thread: new FakePool([], 0), process: new Slow([], 0) }, { execution: 'process' });
    expect(page('/status').body).toMatchObject({ window: { queueWaitMs: { p50: 500, p99: 900 } } });
  });
});

describe('/window', () => {
  it('counts spans from its beginning', () => {
    const spans = { made: 90, lost: { queue_full: 5, file_failed: 2 } };
    watch({}, { traces: () => ({ turns: 10, kept: 10, keptBytes: 1, spans: { ...spans, lost: { ...spans.lost } } }) });
    page('/window', 'POST');
    spans.made += 45;
    spans.lost.queue_full += 3;
    spans.lost.file_failed += 1;
    expect(page('/status').body.window).toMatchObject({ spans: { made: 45, lost: 4 } });
  });

  it('begins a new window in all that has one, and leaves what counts from the start', () => {
    let nowMs = 0;
    const loopDelay = new LoopDelay(() => nowMs);
    const pool = new FakePool([], 0);
    watch({ thread: pool }, { loopDelay });
    nowMs = 205;
    expect(page('/status').body).toMatchObject({ window: { loopDelayMs: { max: expect.closeTo(200, 0) } } });
    expect(page('/window', 'POST').body).toEqual({ begun: true });
    // The first one is the start's.
    expect(pool.windows).toBe(2);
    expect(page('/status').body).toMatchObject({
      window: { loopDelayMs: { p50: 0, p90: 0, p99: 0, max: 0 } },
      loop: { delayMs: { max: expect.closeTo(200, 0) } },
    });
  });
});

describe('/threads', () => {
  it('shows the main thread and every unit, with what the operating system knows of it', () => {
    const threads = new FakePool(
      [unit({ state: 'busy', turns: 2, agent: 'codex' }), unit({ name: 'agent-2', osThreadId: null, cpuMs: null })],
      0,
    );
    const processes = new FakePool(
      [
        unit({ name: 'process-1', kind: 'process', threadId: null, osThreadId: null, pid: 777, cpuMs: null, rssBytes: 90e6 }),
        unit({ name: 'process-2', kind: 'process', threadId: null, osThreadId: null, pid: 0, state: 'starting', cpuMs: null }),
      ],
      0,
    );
    watch({ thread: threads, process: processes });
    asked.length = 0;
    const { body } = page('/threads');
    const switches = { voluntarySwitches: 7, involuntarySwitches: 3, runQueueWaitMs: 10, runQueueWaitRatio: 0.25 };
    const unknown = { voluntarySwitches: null, involuntarySwitches: null, runQueueWaitMs: null, runQueueWaitRatio: null };
    expect(body.osThreads).toBe(11);
    expect(body.threads).toMatchObject([
      {
        name: 'main',
        kind: 'main',
        osThreadId: process.pid,
        state: 'running',
        turns: 4,
        agent: null,
        cpuMs: expect.any(Number),
        ...switches,
      },
      {
        name: 'agent-1',
        kind: 'thread',
        state: 'busy',
        turns: 2,
        agent: 'codex',
        ageMs: 1_000,
        cpuMs: 12,
        heapUsedBytes: 5_000_000,
        ...switches,
      },
      { name: 'agent-2', cpuMs: null, ...unknown },
      { name: 'process-1', kind: 'process', pid: 777, cpuMs: 99, rssBytes: 90e6, ...switches },
      { name: 'process-2', state: 'starting', cpuMs: null, ...unknown },
    ]);
    expect(asked).toEqual([`thread ${process.pid}`, 'thread 501', 'process 777']);
  });
});

describe('/healthz', () => {
  it.each([
    [false, { status: 200, body: { ok: true } }],
    [true, { status: 503, body: { ok: false } }],
  ])('where draining is %s: %j', (draining, expected) => {
    watch({}, { draining });
    expect(page('/healthz')).toEqual(expected);
  });
});
