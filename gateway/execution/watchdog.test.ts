import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { threadLimits } from './sandbox.ts';
import type { QuotaBreach, Unit, UnitSample } from './unit.ts';
import { type Quotas, Watchdog, type WatchdogClock } from './watchdog.ts';

const MB = 1024 ** 2;
const QUOTAS: Quotas = { cpuMs: 1_000, memoryBytes: 100 * MB, warnRatio: 0.8 };

/** Time that passes when the test says so. */
class TestClock implements WatchdogClock {
  #nowMs = 0;
  #timers: { atMs: number; run: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get timers(): number {
    return this.#timers.length;
  }

  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const next = this.#timers.reduce((a, b) => (b.atMs < a.atMs ? b : a), { atMs: Number.POSITIVE_INFINITY, run: () => {} });
      if (next.atMs > endMs) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#nowMs = Math.max(next.atMs, this.#nowMs);
      next.run();
      // What was asked is answered.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#nowMs = endMs;
  }
}

/** Uses what the test says, each millisecond of the clock. */
class TestUnit implements Unit {
  readonly kind = 'thread';
  readonly name = 'agent-1';
  readonly told: string[] = [];
  /** When it was stopped for that. */
  usedMb = 0;
  samples = 0;
  glances = 0;
  now: number[] = [];
  load = 0;
  bytesPerMs = 0;
  memoryBytes = 10 * MB;
  answer: 'at once' | 'never' | 'not in time' = 'at once';
  osTells = true;
  busy = false;
  readonly #clock: TestClock;
  #sinceMs = 0;

  constructor(clock: TestClock) {
    this.#clock = clock;
  }

  /** From now on. */
  uses(load: number, bytesPerMs = 0): void {
    Object.assign(this, { load, bytesPerMs });
    this.#sinceMs = this.#clock.nowMs();
  }

  turns(): readonly number[] {
    this.glances += 1;
    return this.now;
  }

  lastEntered(): number {
    return this.now.at(-1) ?? 0;
  }

  computing(): boolean {
    return this.busy;
  }

  osCpuNs(): number | null {
    return this.osTells ? this.#passedMs() * this.load * 1e6 : null;
  }

  async sample(): Promise<UnitSample | undefined> {
    this.samples += 1;
    if (this.answer === 'never') return new Promise(() => {});
    if (this.answer === 'not in time') return undefined;
    return {
      cpuNs: this.#passedMs() * this.load * 1e6,
      computing: this.load === 1,
      heapUsedBytes: this.memoryBytes + this.#passedMs() * this.bytesPerMs,
      externalBytes: 0,
      rssBytes: null,
    };
  }

  warned(turn: number, { kind }: QuotaBreach): void {
    this.told.push(`warned ${turn} ${kind}`);
  }

  stop(turn: number, { kind, used }: QuotaBreach, listens: boolean): void {
    this.usedMb = used / MB;
    this.told.push(`${listens ? 'stop' : 'kill'} ${turn} ${kind}`);
    this.now = this.now.filter((other) => other !== turn);
  }

  #passedMs(): number {
    return this.#clock.nowMs() - this.#sinceMs;
  }
}

function watched(count = 1, quotas: Partial<Quotas> = {}) {
  const clock = new TestClock();
  const units = Array.from({ length: count }, () => new TestUnit(clock));
  const watchdog = new Watchdog({ quotas: { ...QUOTAS, ...quotas }, units: () => units, clock });
  watchdog.start();
  return { clock, units, unit: units[0]!, watchdog };
}

describe('the watchdog', () => {
  it('asks nothing of units that have no turns and rest, and looks at them four times a second', async () => {
    const { clock, unit } = watched();
    await clock.pass(10_000);
    expect(unit.samples).toBe(0);
    expect(unit.glances).toBe(40);
  });

  it('asks units that have turns about four times a second', async () => {
    const { clock, unit } = watched();
    unit.now = [1];
    await clock.pass(60_000);
    expect(unit.samples).toBeGreaterThan(200);
    expect(unit.samples).toBeLessThan(300);
    unit.now = [];
    await clock.pass(1_000);
    const { samples } = unit;
    await clock.pass(10_000);
    expect(unit.samples).toBe(samples);
  });

  it('warns, then stops a turn that computes beyond its quota, and counts both', async () => {
    const { clock, unit, watchdog } = watched();
    unit.now = [1];
    unit.uses(1);
    await clock.pass(1_200);
    expect(unit.told).toEqual(['warned 1 cpu']);
    await clock.pass(300);
    expect(unit.told).toEqual(['warned 1 cpu', 'kill 1 cpu']);
    expect(watchdog.counts).toEqual({ warned: 1, stopped: { cpu: 1, memory: 0 } });
  });

  it.each([
    // Of the quota of 100 MB, 90 are left. What grows beyond it before a look has seen any growth is met at that look.
    { mbPerS: 10, usedMbMax: 101 },
    { mbPerS: 100, usedMbMax: 104 },
    { mbPerS: 1_000, usedMbMax: 310 },
  ])('meets memory that grows by $mbPerS MB a second at $usedMbMax MB or before', async ({ mbPerS, usedMbMax }) => {
    const { clock, unit, watchdog } = watched();
    unit.now = [1];
    await clock.pass(1_000);
    unit.uses(0, (mbPerS * MB) / 1_000);
    await clock.pass(90_000 / mbPerS + 300);
    expect(unit.told.at(-1)).toBe('kill 1 memory');
    expect(unit.usedMb).toBeGreaterThan(100);
    expect(unit.usedMb).toBeLessThanOrEqual(usedMbMax);
    expect(watchdog.counts.stopped).toEqual({ cpu: 0, memory: 1 });
  });

  it('leaves a unit alone that it has had killed, until it is gone', async () => {
    const { clock, unit, units } = watched();
    unit.now = [1, 2];
    unit.uses(1);
    await clock.pass(5_000);
    expect(unit.told).toEqual(['warned 2 cpu', 'kill 2 cpu']);
    const { samples } = unit;
    await clock.pass(5_000);
    expect(unit.samples).toBe(samples);
    units.splice(0, 1, new TestUnit(clock));
    units[0]!.now = [3];
    await clock.pass(1_000);
    expect(units[0]!.samples).toBeGreaterThan(2);
  });

  it('ends a unit that computes on without a turn', async () => {
    const { clock, unit } = watched();
    unit.now = [1];
    await clock.pass(500);
    unit.lastEntered = () => 1;
    unit.now = [];
    unit.busy = true;
    unit.uses(1);
    await clock.pass(2_000);
    expect(unit.told).toEqual(['kill 0 cpu']);
  });

  it('charges what the operating system tells of a unit that does not answer in time', async () => {
    const { clock, unit } = watched();
    unit.now = [1];
    await clock.pass(300);
    unit.answer = 'not in time';
    unit.uses(1);
    await clock.pass(1_500);
    expect(unit.told).toEqual(['warned 1 cpu', 'kill 1 cpu']);
    const other = watched();
    other.unit.now = [1];
    other.unit.answer = 'not in time';
    other.unit.osTells = false;
    other.unit.uses(1);
    await other.clock.pass(10_000);
    expect(other.unit.told).toEqual([]);
  });

  it('has at most eight questions open, one a unit', async () => {
    const { clock, units } = watched(20);
    for (const unit of units) Object.assign(unit, { now: [1], answer: 'never' });
    await clock.pass(5_000);
    expect(units.reduce((sum, { samples }) => sum + samples, 0)).toBe(8);
  });

  it('does nothing when there are no quotas, and nothing more when it is stopped', async () => {
    expect(watched(1, { cpuMs: 0, memoryBytes: 0 }).clock.timers).toBe(0);
    const { clock, unit, watchdog } = watched();
    unit.now = [1];
    unit.uses(1);
    await clock.pass(1_150);
    watchdog.stop();
    expect(clock.timers).toBe(0);
    await clock.pass(10_000);
    expect(unit.told).toEqual(['warned 1 cpu']);
  });
});

const workers: Worker[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.terminate();
});

/** A thread that runs this, as a unit with one turn. */
function threadUnit(code: string, memoryBytes: number) {
  const worker = new Worker(code, { eval: true, resourceLimits: threadLimits(memoryBytes) });
  workers.push(worker);
  let alive = true;
  const failed = new Promise<Error>((resolve) => worker.once('error', resolve));
  const exited = new Promise<number>((resolve) => worker.once('exit', resolve)).finally(() => {
    alive = false;
  });
  const stopped = Promise.withResolvers<QuotaBreach>();
  const idle = () => worker.performance.eventLoopUtilization().idle;
  const unit: Unit = {
    kind: 'thread',
    name: 'agent-1',
    turns: () => (alive ? [1] : []),
    lastEntered: () => 1,
    computing: () => alive,
    osCpuNs: () => null,
    async sample() {
      const before = idle();
      const answers = await Promise.all([worker.cpuUsage(), worker.getHeapStatistics()]).catch(() => undefined);
      if (!answers) return undefined;
      const [{ user, system }, heap] = answers;
      return {
        cpuNs: (user + system) * 1_000,
        computing: idle() === before,
        heapUsedBytes: heap.used_heap_size,
        externalBytes: heap.external_memory,
        rssBytes: null,
      };
    },
    warned() {},
    stop(_turn, breach) {
      void worker.terminate();
      stopped.resolve(breach);
    },
  };
  return { unit, stopped: stopped.promise, failed, exited };
}

/** Each would take a gigabyte if it were let, and then wait. */
const HUNGRY = {
  'one growing array': 'const all = []; while (all.length < 1.2e8) all.push(1); setInterval(() => {}, 1e3)',
  'many small objects': 'let list; for (let count = 0; count < 3e7; count += 1) list = { list }; setInterval(() => {}, 1e3)',
  'buffers outside the heap': 'const all = []; while (all.length < 1024) all.push(Buffer.alloc(2 ** 20, 1)); setInterval(() => {}, 1e3)',
};

describe('a real thread', () => {
  it.each(Object.entries(HUNGRY))('that fills its memory with %s is stopped, and this process lives', async (_what, code) => {
    const memoryBytes = 128 * MB;
    const { unit, stopped, failed, exited } = threadUnit(code, memoryBytes);
    const watchdog = new Watchdog({ quotas: { cpuMs: 0, memoryBytes, warnRatio: 0.8 }, units: () => [unit] });
    watchdog.start();
    const breach = await Promise.race([stopped, failed]);
    watchdog.stop();
    expect(breach).toMatchObject({ kind: 'memory', quota: memoryBytes });
    expect(await exited).toBe(1);
    expect(watchdog.counts.stopped).toEqual({ cpu: 0, memory: 1 });
  });
});
