/**
 * Where an agent's turn spends its time, kept where the agent runs: in its own code and tools, waiting for the LLM's
 * first content, reading what the LLM says, or paused because the client does not take it.
 *
 * At every moment it is one of these, and each change is stamped when it happens; a token costs an assignment. While
 * inferences overlap, one that streams counts before one that waits. A pause counts where it stops the reading of a
 * reply, or an agent that does not wait for the LLM; not where the LLM has yet to say its first word, which a pause
 * does not hold up. How much of what the LLM says during a pause would have been there to read is not known; that
 * nothing was, shows when the reading goes on and finds nothing: such a pause held up nothing and counts as streaming.
 * What an LLM that keeps to a schedule makes up for later still counts as paused.
 */
import { nowNs } from '../../transports/clock.ts';
import type { Running, Sink, TurnEvent } from '../../transports/contract.ts';

/** Plain data: it crosses from threads and processes. Nanoseconds of CLOCK_MONOTONIC, and for durations. */
export interface AgentSpent {
  type: 'spent';
  startedNs: number;
  endedNs: number;
  /** First request to the LLM, first and last read of content from it; 0: it did not come to that. */
  sentNs: number;
  firstNs: number;
  lastNs: number;
  agentNs: number;
  upstreamFirstTokenNs: number;
  upstreamStreamingNs: number;
  backPressureNs: number;
}

type State = 'agentNs' | 'upstreamFirstTokenNs' | 'upstreamStreamingNs' | 'backPressureNs';

export class AgentClock {
  readonly startedNs = nowNs();
  /** The read of the last content. */
  lastNs = 0;
  #endedNs = 0;
  #sentNs = 0;
  #firstNs = 0;
  readonly #spentNs: Record<State, number> = { agentNs: 0, upstreamFirstTokenNs: 0, upstreamStreamingNs: 0, backPressureNs: 0 };
  /** Until when all time is accounted for. */
  #untilNs = this.startedNs;
  /** Inferences without content so far, and with. */
  #waiting = 0;
  #streaming = 0;
  #paused = false;
  /** Of this pause, what would have been streaming. */
  #heldUpNs = 0;

  /** An inference begins. @returns the sink through which it is seen */
  inference(sink: Sink): Sink {
    const atNs = nowNs();
    this.#account(atNs);
    this.#waiting += 1;
    this.#sentNs ||= atNs;
    return new Inference(this, sink);
  }

  /** An inference has its first content. */
  first(readAtNs: number): void {
    this.#account(readAtNs);
    this.#firstNs ||= readAtNs;
    this.#waiting -= 1;
    this.#streaming += 1;
  }

  /** An inference is over. */
  over(atNs: number, streamed: boolean): void {
    this.#account(atNs);
    if (streamed) this.#streaming -= 1;
    else this.#waiting -= 1;
  }

  pause(): void {
    if (this.#paused) return;
    this.#account(nowNs());
    this.#paused = true;
    this.#heldUpNs = 0;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#account(nowNs());
    this.#paused = false;
    if (this.#heldUpNs > 0) this.#lookBack(this.#heldUpNs, this.lastNs);
  }

  end(): void {
    if (this.#endedNs !== 0) return;
    const atNs = nowNs();
    this.#account(atNs);
    this.#endedNs = atNs;
  }

  /** Ends it, where nobody has yet. */
  spent(): AgentSpent {
    this.end();
    const { startedNs, lastNs } = this;
    return { type: 'spent', startedNs, endedNs: this.#endedNs, sentNs: this.#sentNs, firstNs: this.#firstNs, lastNs, ...this.#spentNs };
  }

  #account(atNs: number): void {
    if (this.#endedNs !== 0 || atNs <= this.#untilNs) return;
    const ns = atNs - this.#untilNs;
    this.#untilNs = atNs;
    const state = this.#state();
    this.#spentNs[state] += ns;
    if (state === 'backPressureNs' && this.#streaming > 0) this.#heldUpNs += ns;
  }

  #state(): State {
    if (this.#streaming === 0 && this.#waiting > 0) return 'upstreamFirstTokenNs';
    if (this.#paused) return 'backPressureNs';
    return this.#streaming > 0 ? 'upstreamStreamingNs' : 'agentNs';
  }

  /** Two passes of the event loop later whatever had been there to read has been read. */
  #lookBack(heldUpNs: number, lastNs: number): void {
    const look = () => {
      if (this.#endedNs !== 0 || this.lastNs !== lastNs || this.#streaming === 0) return;
      this.#spentNs.backPressureNs -= heldUpNs;
      this.#spentNs.upstreamStreamingNs += heldUpNs;
    };
    setImmediate(() => setImmediate(look));
  }
}

/** What an inference pushes, on its way into the agent. */
class Inference implements Sink {
  readonly #clock: AgentClock;
  readonly #sink: Sink;
  #streams = false;
  #over = false;

  constructor(clock: AgentClock, sink: Sink) {
    this.#clock = clock;
    this.#sink = sink;
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    if (event.type === 'text' || event.type === 'toolCall') {
      // Where no socket is involved there is no read but this.
      const atNs = readAtNs === 0 ? nowNs() : readAtNs;
      if (!this.#streams) {
        this.#streams = true;
        this.#clock.first(atNs);
      }
      this.#clock.lastNs = atNs;
    } else if (event.type === 'end' && !this.#over) {
      this.#over = true;
      this.#clock.over(readAtNs === 0 ? nowNs() : readAtNs, this.#streams);
    }
    return this.#sink.push(event, readAtNs);
  }
}

/** An agent's turn as its consumer has it: sees its end, and when it is paused. */
export class TimedTurn implements Sink, Running {
  running: Running | undefined;
  readonly #clock: AgentClock;
  readonly #sink: Sink;

  constructor(clock: AgentClock, sink: Sink) {
    this.#clock = clock;
    this.#sink = sink;
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    if (event.type === 'end') this.#clock.end();
    const takes = this.#sink.push(event, readAtNs);
    if (!takes) this.#clock.pause();
    return takes;
  }

  resume(): void {
    this.#clock.resume();
    this.running?.resume();
  }

  cancel(): void {
    this.running?.cancel();
  }
}
