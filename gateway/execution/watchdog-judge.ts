/**
 * Decides, from one look at a thread or process after the other, which turn has exceeded its quota, and when to look
 * again. No timers and no threads here: `watchdog.ts` looks and acts.
 *
 * **Processor time.** What a unit has used since the last look goes to the turn whose code it is in the middle of, else
 * in equal parts to the turns that it has. The first is how a sampling profiler counts: the moment of a look has nothing
 * to do with what the turns do, so each is met at work in proportion to what it uses, and one that never returns is met
 * always. It is not fair
 * - within a few looks, where a turn happens to be met more or less often than it ran;
 * - to the quiet neighbours of a turn that works a third of the time: when nothing runs at the moment of a look, all pay
 *   alike for what ran before it;
 * - where code runs that no event of a turn let in, such as an agent's own timers: it is taken for the turn that was
 *   entered last.
 * Certain is only: a turn is never charged with more than its unit used in the turn's life (the interval in which it
 * came is free); and a unit cannot go on using time without some turn being charged with it in the end. So a quota of
 * time should be generous where threads are shared; it is exact, to one interval, where a turn has its unit for itself.
 *
 * **Memory** belongs to the unit, not to a turn. The offender is the turn whose code it is in, else the one in whose
 * intervals it grew most. Stopping the turn alone would not give the memory back, so the unit goes, and neighbours of
 * the turn with it. One array that grows doubles the heap within milliseconds, so looks come the faster, the faster
 * memory grows and the nearer it is to the quota.
 */
import type { QuotaBreach, QuotaKind } from './unit.ts';

export interface Quotas {
  /** Of one turn; 0: none. */
  cpuMs: number;
  /** Of one unit; 0: none. */
  memoryBytes: number;
  /** The part of a quota at which there is a warning. */
  warnRatio: number;
}

export interface Look {
  atMs: number;
  /** Since the unit began; `null`: it did not answer, and nobody else knows. */
  cpuNs: number | null;
  /** `null`: it did not answer. */
  memoryBytes: number | null;
  /** As the unit was asked. */
  turns: readonly number[];
  /** Whose code it had entered last as it was asked; 0: nobody's. May be a turn that is over. */
  entered: number;
  /** It was in the middle of code then. One that does not answer is: in a native call, which nothing interrupts. */
  computing: boolean;
}

export interface Finding {
  kind: 'warning' | 'stop';
  /** 0: no turn, but code that goes on after its turn's end. */
  turn: number;
  breach: QuotaBreach;
  /** Whether the turn can be told to stop; else its unit has to go. */
  listens: boolean;
}

export interface Verdict {
  findings: Finding[];
  nextInMs: number;
}

/** A look costs the main thread about 0.25 ms: at this rate, 8 busy threads cost 0.7 to 0.8 % of a core. */
export const LOOK_EVERY_MS = 250;
/** Of a heap that is near its quota and does not grow. */
const NEAR_EVERY_MS = 100;
const HURRY_EVERY_MS = 10;
/** Looks that a growing heap gets before it meets its quota, at the rate of its last growth. */
const LOOKS_AHEAD = 4;

/** Charged with what no turn can have used: code of a turn that is over. */
const NOBODY = 0;

interface Account {
  cpuNs: number;
  grownBytes: number;
  warned: Partial<Record<QuotaKind, true>>;
  stopped: boolean;
}

export class UnitJudge {
  readonly #quotas: Quotas;
  readonly #cpuQuotaNs: number;
  readonly #accounts = new Map<number, Account>();
  #last: Look | undefined;
  #cpuNs = 0;
  #memoryBytes = 0;
  #memoryWarned = false;

  constructor(quotas: Quotas) {
    this.#quotas = quotas;
    this.#cpuQuotaNs = quotas.cpuMs * 1e6;
  }

  look(look: Look): Verdict {
    const known = look.turns.filter((turn) => this.#accounts.has(turn));
    this.#admit(look);
    const last = this.#last;
    const grownBytes = this.#charge(look, known);
    const findings = [...this.#overtime(look), ...this.#overweight(look)];
    this.#last = look;
    return { findings, nextInMs: this.#nextInMs(look, last ? grownBytes / Math.max(look.atMs - last.atMs, 1) : undefined) };
  }

  /** The unit has no turn and rests: what it used until the next look is nobody's. */
  rest(): void {
    this.#last = undefined;
    this.#accounts.clear();
    this.#memoryWarned = false;
  }

  /** Turns come and go; those of `stop` stay stopped for as long as they are there. */
  #admit({ turns, entered }: Look): void {
    for (const turn of this.#accounts.keys()) {
      const goesOn = turn === NOBODY && entered === this.#last?.entered && !turns.includes(entered);
      if (!turns.includes(turn) && !goesOn) this.#accounts.delete(turn);
    }
    for (const turn of [NOBODY, ...turns]) {
      if (!this.#accounts.has(turn)) this.#accounts.set(turn, { cpuNs: 0, grownBytes: 0, warned: {}, stopped: false });
    }
  }

  /** @returns by how much memory has grown, 0 or more */
  #charge(look: Look, known: readonly number[]): number {
    const last = this.#last;
    const usedNs = look.cpuNs === null || !last ? 0 : Math.max(look.cpuNs - this.#cpuNs, 0);
    const grownBytes = look.memoryBytes === null || !last ? 0 : look.memoryBytes - this.#memoryBytes;
    this.#cpuNs = look.cpuNs ?? this.#cpuNs;
    this.#memoryBytes = look.memoryBytes ?? this.#memoryBytes;
    const payers = last ? this.#payers(look, last, known) : [];
    for (const turn of payers) {
      const account = this.#accounts.get(turn)!;
      account.cpuNs += usedNs / payers.length;
      if (grownBytes > 0) account.grownBytes += grownBytes / payers.length;
    }
    return Math.max(grownBytes, 0);
  }

  #payers({ turns, entered, computing }: Look, last: Look, known: readonly number[]): readonly number[] {
    if (!computing || entered === NOBODY) return known;
    if (known.includes(entered)) return [entered];
    // It came since the last look: some of the time was used before it.
    if (turns.includes(entered)) return [];
    // Over, and entered last at both looks: it goes on. Else it was one of many that came and went.
    return entered === last.entered ? [NOBODY] : known;
  }

  #overtime(look: Look): Finding[] {
    if (this.#cpuQuotaNs === 0) return [];
    const findings: Finding[] = [];
    for (const [turn, account] of this.#accounts) {
      if (account.stopped) continue;
      const breach: QuotaBreach = { kind: 'cpu', used: account.cpuNs, quota: this.#cpuQuotaNs };
      const listens = turn !== NOBODY && !this.#stuckIn(turn, look);
      if (account.cpuNs > this.#cpuQuotaNs) findings.push(stop(account, turn, breach, listens));
      else if (account.cpuNs >= this.#cpuQuotaNs * this.#quotas.warnRatio) findings.push(...warning(account, turn, breach, listens));
    }
    return findings;
  }

  /** It hears nothing; or was in the middle of this turn's code at the last look too. */
  #stuckIn(turn: number, { entered, computing, memoryBytes }: Look): boolean {
    return memoryBytes === null || (computing && entered === turn && this.#last?.computing === true && this.#last.entered === turn);
  }

  #overweight(look: Look): Finding[] {
    const { memoryBytes: quota, warnRatio } = this.#quotas;
    if (quota === 0 || look.memoryBytes === null) return [];
    const breach: QuotaBreach = { kind: 'memory', used: look.memoryBytes, quota };
    const warn = look.memoryBytes >= quota * warnRatio;
    const warned = this.#memoryWarned;
    this.#memoryWarned = warn;
    if (!warn) return [];
    const turn = this.#offender(look);
    const account = this.#accounts.get(turn)!;
    if (look.memoryBytes > quota) return [stop(account, turn, breach, false)];
    return warned ? [] : warning(account, turn, breach, false);
  }

  #offender({ turns, entered, computing }: Look): number {
    if (turns.includes(entered) && computing) return entered;
    let found = turns.includes(entered) ? entered : (turns.at(-1) ?? NOBODY);
    for (const turn of turns) {
      if (this.#accounts.get(turn)!.grownBytes > this.#accounts.get(found)!.grownBytes) found = turn;
    }
    return found;
  }

  /** @param bytesPerMs how memory grew; absent: not known yet, so it is taken to have come all since the look before */
  #nextInMs({ memoryBytes }: Look, bytesPerMs: number | undefined): number {
    let nextInMs = LOOK_EVERY_MS;
    if (this.#cpuQuotaNs > 0) {
      for (const { cpuNs, stopped } of this.#accounts.values()) {
        const warnAtNs = this.#cpuQuotaNs * this.#quotas.warnRatio;
        const leftNs = (cpuNs < warnAtNs ? warnAtNs : this.#cpuQuotaNs) - cpuNs;
        if (!stopped) nextInMs = Math.min(nextInMs, Math.max(leftNs / 1e6, HURRY_EVERY_MS));
      }
    }
    const quota = this.#quotas.memoryBytes;
    if (quota === 0 || memoryBytes === null) return nextInMs;
    const leftBytes = Math.max(quota - memoryBytes, 0);
    const growth = bytesPerMs ?? memoryBytes / LOOK_EVERY_MS;
    const near = Math.max(LOOK_EVERY_MS * (leftBytes / quota), NEAR_EVERY_MS);
    const growing = growth > 0 ? Math.max(leftBytes / growth / LOOKS_AHEAD, HURRY_EVERY_MS) : LOOK_EVERY_MS;
    return Math.min(nextInMs, near, growing);
  }
}

function stop(account: Account, turn: number, breach: QuotaBreach, listens: boolean): Finding {
  account.stopped = true;
  return { kind: 'stop', turn, breach, listens };
}

function warning(account: Account, turn: number, breach: QuotaBreach, listens: boolean): Finding[] {
  if (turn === NOBODY || account.warned[breach.kind]) return [];
  account.warned[breach.kind] = true;
  return [{ kind: 'warning', turn, breach, listens }];
}
