/** A carrier without a thread or process: its test decides when it begins, what its turns do, and when it dies. */
import { nowNs } from '../../../transports/clock.ts';
import type { TurnEvent } from '../../../transports/contract.ts';
import { COMPLETED } from '../../../transports/testing/legs.ts';
import type { Carrier, CarrierEvents } from '../carrier.ts';
import type { HostSettings, ToHost, TurnTask } from '../messages.ts';

export class FakeCarrier implements Carrier {
  readonly kind;
  readonly name: string;
  readonly workspace: string | undefined;
  readonly threadId = null;
  readonly osThreadId = null;
  readonly pid = 1;
  readonly tasks: TurnTask[] = [];
  readonly told: ToHost[] = [];
  own = false;
  busy = false;
  entered = 0;
  ended = false;
  readonly #begun = Promise.withResolvers<void>();
  readonly #gone = Promise.withResolvers<void>();
  #events!: CarrierEvents;
  #stuck: boolean;

  constructor(kind: 'thread' | 'process', name: string, workspace: string | undefined, stuck = false) {
    this.kind = kind;
    this.name = name;
    this.workspace = workspace;
    this.#stuck = stuck;
  }

  begin(_settings: HostSettings, events: CarrierEvents): Promise<void> {
    this.#events = events;
    return this.#begun.promise;
  }

  /** The thread or process is up. */
  up(): Promise<void> {
    this.#begun.resolve();
    return settled();
  }

  fail(message: string): Promise<void> {
    this.#begun.reject(new Error(message));
    return settled();
  }

  run(task: TurnTask): void {
    this.tasks.push(task);
    this.#events.message({ accepted: task.id, atNs: nowNs() });
  }

  post(message: ToHost): void {
    this.told.push(message);
  }

  delivered(): void {}

  becomeOwn(): void {
    this.own = true;
  }

  lastEntered(): number {
    return this.entered;
  }

  computing(): boolean {
    return this.busy;
  }

  osCpuNs(): number | null {
    return null;
  }

  async sample(): Promise<undefined> {
    return undefined;
  }

  end(): Promise<void> {
    this.ended = true;
    this.#begun.reject(new Error('ended'));
    this.#begun.promise.catch(() => {});
    if (!this.#stuck) this.#gone.resolve();
    return this.#gone.promise;
  }

  /** A stuck one comes back at last. */
  release(): Promise<void> {
    this.#gone.resolve();
    return settled();
  }

  say(id: number, ...events: TurnEvent[]): void {
    this.#events.message(events.flatMap((event) => [id, asSaid(event)]));
  }

  /** Its oldest turn, or this one, completes. */
  finish(id = this.tasks[0]!.id): void {
    this.tasks.splice(
      this.tasks.findIndex((task) => task.id === id),
      1,
    );
    this.say(id, COMPLETED);
  }

  die(message: string): Promise<void> {
    const error = new Error(message);
    this.#begun.reject(error);
    this.#events.gone(error);
    return settled();
  }
}

function asSaid(event: TurnEvent): string | TurnEvent {
  return event.type === 'text' ? event.text : event;
}

/** What promises have to do is done. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
