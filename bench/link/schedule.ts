/**
 * When deliveries happen: one schedule for all links of the process, the generator's agenda and its ways of waiting.
 *
 * What makes a relay different from a generator is that tens of thousands of deliveries a second are due, each at a
 * time of its own, while as many messages come in. To wake for each is what costs: an alarm that is set wakes a
 * thread, which sleeps again, and wakes this one in the end; that is two thirds of what a delivery costs. So
 * - after sockets have been read the process is awake anyway, and delivers what has become due (`afterReads`);
 * - it lets itself be woken at most once in `coalesceNs`, and delivers all that is due then. 0 wakes for each: for
 *   spinning, where waking costs nothing.
 *
 * Measured by `testing/probe.ts`: 200 connections, 128 B messages at constant rates and independent phases in both
 * directions, over 20 ms (80 ms differ by nothing that repeats); the links' process on a core of its own. Error is
 * actual − due time in µs as p50 / p99, by the links' own histogram and from outside (from one end's write to the
 * other's read; without a link that is 7 / 320 there). 2 virtual cores at 2.6 GHz, Linux 6.18, Node 26.10:
 *
 *                                deliveries/s     own error    from outside     CPU in cores, µs a delivery
 *   yielding, coalesced 300 µs         40,000    17 / 1,300      41 / 3,300     0.54, 13.6
 *   spin                               40,000     2 / 2,500      15 / 4,400     0.98, 24.5
 *   yielding, coalesced 300 µs          4,000    63 /   364     106 / 1,650     0.16, 39
 *   yielding, coalesced  50 µs          8,000    14 /   615      47 / 1,830     0.34, 42.8
 *               … 200 µs                         53 /   520      97 / 1,970     0.28, 34.6
 *               … 400 µs                         85 /   457     125 / 2,025     0.22, 27.0
 *               … 1,000 µs                       82 /   850     117 / 2,630     0.16, 20.2
 *
 * The p99 is the machine's more than the links': there a process that does nothing but look at its clock loses 3 to
 * 5 % of a core, in gaps of up to 10 ms.
 */
import { Agenda, type Due } from '../driver/pacer.ts';
import type { Waiting } from '../driver/waiting.ts';

export class Schedule {
  readonly #agenda = new Agenda();
  readonly #waiting: Waiting;
  readonly #coalesceNs: number;
  #state: 'idle' | 'waiting' | 'soon' | 'firing' | 'stopped' = 'idle';
  /** What the waiting was last set to. */
  #wakeNs = 0;
  #firedNs = Number.NEGATIVE_INFINITY;

  constructor(waiting: Waiting, coalesceNs: number) {
    this.#waiting = waiting;
    this.#coalesceNs = coalesceNs;
  }

  nowNs(): number {
    return this.#waiting.nowNs();
  }

  add(due: Due): void {
    if (this.#state === 'stopped') return;
    this.#agenda.add(due);
    if (this.#state === 'idle' || (this.#state === 'waiting' && due.dueNs < this.#wakeNs)) this.#wait();
  }

  /** A socket has been read at `nowNs`: what is due is delivered once the others that are ready have been read too. */
  afterReads(nowNs: number): void {
    if (this.#state !== 'waiting' || this.#agenda.nextNs > nowNs) return;
    this.#state = 'soon';
    this.#waiting.until(nowNs, this.#round);
  }

  /** Forgets everything; nothing fires any more. */
  stop(): void {
    this.#state = 'stopped';
    this.#waiting.cancel();
  }

  #wait(): void {
    const nextNs = this.#agenda.nextNs;
    if (nextNs === Number.POSITIVE_INFINITY) {
      this.#state = 'idle';
      return;
    }
    const wantedNs = Math.max(nextNs, this.#firedNs + this.#coalesceNs);
    // To be woken too soon, as was wished before, is cheaper than to wish anew.
    if (this.#wakeNs <= this.#waiting.nowNs() || this.#wakeNs > wantedNs) this.#wakeNs = wantedNs;
    this.#state = 'waiting';
    this.#waiting.until(this.#wakeNs, this.#round);
  }

  readonly #round = (): void => {
    this.#state = 'firing';
    const nowNs = this.#waiting.nowNs();
    const { fire } = this.#agenda.next(nowNs);
    if (fire.length > 0) this.#firedNs = nowNs;
    for (const due of fire) {
      due.fire();
      if (this.#isStopped()) return;
    }
    if (this.#agenda.nextNs <= nowNs) {
      // More than one round may fire: sockets are read in between.
      this.#state = 'soon';
      this.#waiting.until(nowNs, this.#round);
    } else this.#wait();
  };

  /** Apart, since `fire` changes the state behind the type checker's back. */
  #isStopped(): boolean {
    return this.#state === 'stopped';
  }
}
