/** Turns for tests, and a sink that remembers what it got and when. */
import type { Running, Sink, Turn, TurnEvent } from '../../../transports/contract.ts';
import type { Upstream } from '../handler.ts';

export function turnOf(model: string, content: string, more: Partial<Turn> = {}): Turn {
  return { key: 'turn', model, input: [{ role: 'user', content }], want: { phases: false }, ...more };
}

export const ARRIVED_SSE = { transport: 'sse', envelope: 'chat', connection: 7, requestBytes: 321, readAtNs: 5 } as const;

export class Recorder implements Sink {
  readonly events: { event: TurnEvent; atMs: number }[] = [];
  /** What `push` answers; tests change it to ask for a pause. */
  takes = true;
  /** Called with each event, before `push` returns. */
  onEvent: (event: TurnEvent) => void = () => {};
  running!: Running;
  readonly #nowNs: () => number;

  constructor(nowNs: () => number) {
    this.#nowNs = nowNs;
  }

  /** Hands a turn to the mock LLM. */
  static of(upstream: Upstream, turn: Turn, nowNs: () => number, prepare: (recorder: Recorder) => void = () => {}): Recorder {
    const recorder = new Recorder(nowNs);
    prepare(recorder);
    recorder.running = upstream.handler(turn, recorder);
    return recorder;
  }

  push(event: TurnEvent): boolean {
    this.events.push({ event, atMs: this.#nowNs() / 1e6 });
    this.onEvent(event);
    return this.takes;
  }

  get types(): string[] {
    return this.events.map(({ event }) => event.type);
  }

  /** Times of the text events, rounded to microseconds. */
  get textTimesMs(): number[] {
    return this.events.filter(({ event }) => event.type === 'text').map(({ atMs }) => Math.round(atMs * 1e3) / 1e3);
  }

  get text(): string {
    return this.events.map(({ event }) => (event.type === 'text' ? event.text : '')).join('');
  }

  get end(): Extract<TurnEvent, { type: 'end' }> | undefined {
    const last = this.events.at(-1)?.event;
    return last?.type === 'end' ? last : undefined;
  }
}
