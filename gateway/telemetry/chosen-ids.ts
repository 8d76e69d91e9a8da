/** Ids for a tracer that would draw its own: spans are made after the fact, and some of their ids have been sent on by then. */
export class ChosenIds {
  #traceId = '';
  #spanId = '';

  /** Of the span that is made next. */
  choose(traceId: string, spanId: string): void {
    this.#traceId = traceId;
    this.#spanId = spanId;
  }

  readonly generateTraceId = (): string => this.#traceId;
  readonly generateSpanId = (): string => this.#spanId;
}
