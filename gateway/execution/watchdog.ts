/**
 * Watches what threads and processes use while they have turns, and stops turns that exceed their quotas
 * (`watchdog-judge.ts` decides which). Time on the wall is not its business: `turnTimeoutMs` ends a turn, and the pool
 * a unit that does not listen then.
 *
 * It runs on the main thread, which must stay free: an idle unit costs a glance, one with turns a question four times
 * a second, and only so many questions are open at once.
 */
import type { Unit } from './unit.ts';
import { LOOK_EVERY_MS, type Look, type Quotas, UnitJudge, type Verdict } from './watchdog-judge.ts';

export type { Quotas } from './watchdog-judge.ts';

const SAMPLES_IN_FLIGHT_MAX = 8;
/** Copying a large array, or collecting a large heap, takes this long; what takes longer is taken for a native call. */
const SAMPLE_TIMEOUT_MS = 1_000;
const GLANCE_MIN_MS = 5;

export interface WatchdogClock {
  nowMs(): number;
  /** @returns what cancels it */
  after(ms: number, run: () => void): () => void;
}

const CLOCK: WatchdogClock = {
  nowMs: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};

export interface WatchdogOptions {
  quotas: Quotas;
  units: () => readonly Unit[];
  clock?: WatchdogClock;
}

export interface WatchdogCounts {
  readonly warned: number;
  readonly stopped: { readonly cpu: number; readonly memory: number };
}

interface Watched {
  judge: UnitJudge;
  dueMs: number;
  state: 'resting' | 'watched' | 'asked' | 'condemned';
}

export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #clock: WatchdogClock;
  readonly #counts = { warned: 0, stopped: { cpu: 0, memory: 0 } };
  #watched = new Map<Unit, Watched>();
  #inFlight = 0;
  #looks = 0;
  #glanceAtMs = 0;
  #cancel: (() => void) | undefined;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#clock = options.clock ?? CLOCK;
  }

  get counts(): WatchdogCounts {
    const { warned, stopped } = this.#counts;
    return { warned, stopped: { ...stopped } };
  }

  start(): void {
    const { cpuMs, memoryBytes } = this.#options.quotas;
    if (this.#cancel || (cpuMs === 0 && memoryBytes === 0)) return;
    this.#glanceIn(LOOK_EVERY_MS);
  }

  /** Nothing is warned of or stopped any more, questions under way included. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#watched.clear();
  }

  #glanceIn(ms: number): void {
    this.#glanceAtMs = this.#clock.nowMs() + ms;
    this.#cancel = this.#clock.after(ms, () => this.#glance());
  }

  #glance(): void {
    const nowMs = this.#clock.nowMs();
    const units = this.#options.units();
    const watched = new Map<Unit, Watched>();
    let nextMs = nowMs + LOOK_EVERY_MS;
    for (const unit of units) {
      const one = this.#watched.get(unit) ?? { judge: new UnitJudge(this.#options.quotas), dueMs: nowMs, state: 'resting' };
      watched.set(unit, one);
      this.#glanceAt(unit, one, nowMs);
      if (one.state === 'watched') nextMs = Math.min(nextMs, one.dueMs);
    }
    // Units that are gone are forgotten.
    this.#watched = watched;
    this.#glanceIn(Math.max(nextMs - nowMs, GLANCE_MIN_MS));
  }

  #glanceAt(unit: Unit, one: Watched, nowMs: number): void {
    if (one.state === 'asked' || one.state === 'condemned') return;
    const turns = unit.turns();
    if (turns.length === 0 && !unit.computing()) {
      if (one.state === 'watched') one.judge.rest();
      one.state = 'resting';
      return;
    }
    if (one.state === 'resting') one.dueMs = nowMs;
    one.state = 'watched';
    if (one.dueMs > nowMs || this.#inFlight >= SAMPLES_IN_FLIGHT_MAX) return;
    one.state = 'asked';
    this.#inFlight += 1;
    void this.#ask(unit, one, { turns, entered: unit.lastEntered() });
  }

  async #ask(unit: Unit, one: Watched, seen: Pick<Look, 'turns' | 'entered'>): Promise<void> {
    const sample = await unit.sample(SAMPLE_TIMEOUT_MS);
    this.#inFlight -= 1;
    // Stopped, or the unit is gone.
    if (this.#watched.get(unit) !== one) return;
    one.state = 'watched';
    const atMs = this.#clock.nowMs();
    const verdict = one.judge.look({
      ...seen,
      atMs,
      computing: sample ? sample.computing : true,
      cpuNs: sample ? sample.cpuNs : unit.osCpuNs(),
      memoryBytes: sample ? (sample.rssBytes ?? sample.heapUsedBytes + sample.externalBytes) : null,
    });
    one.dueMs = atMs + verdict.nextInMs * this.#unevenly();
    this.#act(unit, one, verdict);
    this.#sooner(one);
  }

  #act(unit: Unit, one: Watched, { findings }: Verdict): void {
    const turns = unit.turns();
    for (const { kind, turn, breach, listens } of findings) {
      // Ended while the unit was asked.
      if (turn !== 0 && !turns.includes(turn)) continue;
      if (kind === 'warning') {
        this.#counts.warned += 1;
        unit.warned(turn, breach);
      } else {
        this.#counts.stopped[breach.kind] += 1;
        if (!listens) one.state = 'condemned';
        unit.stop(turn, breach, listens);
      }
      if (one.state === 'condemned') return;
    }
  }

  /** The next glance was set when this unit was not known to be in a hurry. */
  #sooner({ state, dueMs }: Watched): void {
    if (!this.#cancel || state !== 'watched' || dueMs >= this.#glanceAtMs) return;
    this.#cancel();
    this.#glanceIn(Math.max(dueMs - this.#clock.nowMs(), GLANCE_MIN_MS));
  }

  /**
   * From 0.8 to 1.2, evenly spread: an agent that works in a rhythm of its own must not be met always or never at work.
   * Multiples of the golden ratio spread so.
   */
  #unevenly(): number {
    this.#looks += 1;
    return 0.8 + 0.4 * ((this.#looks * 0.618_033_988_75) % 1);
  }
}
