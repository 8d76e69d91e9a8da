/**
 * A unit's events on their way to the main thread: what piles up in one pass of the event loop leaves as one batch,
 * and text that follows text of the same turn joins it. When too many batches are unacknowledged, events wait here,
 * and their turns are told to pause.
 */
import type { TurnEvent } from '../../transports/contract.ts';
import type { AgentSpent } from '../agents/clock.ts';
import type { Credit } from './credit.ts';
import type { Batch } from './messages.ts';

/** Text waiting here beyond which turns are asked to pause. */
const CHARACTERS_WAITING_MAX = 256 * 1024;
/** Events other than text have no length to speak of; these are counted. */
const EVENTS_WAITING_MAX = 8_192;

/** A turn, as the outbox sees it. */
export interface Source {
  readonly id: number;
  /** Where in a batch its last event lies, if that is text, and in which batch. The outbox's own. */
  lastText: number;
  lastBatch: number;
  /** There is room again. */
  roomAgain(): void;
}

export class Outbox {
  readonly #post: (batch: Batch) => void;
  readonly #credit: Credit;
  readonly #later: (flush: () => void) => void;
  #batch: Batch = [];
  #ordinal = 1;
  #readAtNs = 0;
  #characters = 0;
  /** `held`: until there is credit. */
  #state: 'empty' | 'scheduled' | 'held' = 'empty';
  #blocked = new Set<Source>();

  /** @param later runs its argument at the end of this pass of the event loop */
  constructor(post: (batch: Batch) => void, credit: Credit, later: (flush: () => void) => void = setImmediate) {
    this.#post = post;
    this.#credit = credit;
    this.#later = later;
  }

  /** @returns false when the source should pause until `roomAgain`. */
  add(source: Source, event: TurnEvent, readAtNs: number): boolean {
    const batch = this.#batch;
    if (event.type === 'text') {
      this.#characters += event.text.length;
      if (source.lastBatch === this.#ordinal && source.lastText > 0) (batch[source.lastText] as string) += event.text;
      else {
        this.#append(source.id, event.text, readAtNs);
        source.lastText = batch.length - 1;
        source.lastBatch = this.#ordinal;
      }
    } else {
      this.#append(source.id, event, readAtNs);
      source.lastText = 0;
    }
    if (this.#state === 'empty') {
      this.#state = 'scheduled';
      this.#later(this.#flush);
    }
    if (this.#characters <= CHARACTERS_WAITING_MAX && batch.length <= 2 * EVENTS_WAITING_MAX) return true;
    this.#blocked.add(source);
    return false;
  }

  /** The source's end follows at once, and takes this with it. */
  addSpent(source: Source, spent: AgentSpent): void {
    this.#batch.push(source.id, spent);
    source.lastText = 0;
  }

  /** There may be credit again. */
  credited(): void {
    if (this.#state === 'held') this.#flush();
  }

  #append(id: number, event: string | TurnEvent, readAtNs: number): void {
    if (readAtNs !== this.#readAtNs) {
      this.#batch.push(0, readAtNs);
      this.#readAtNs = readAtNs;
    }
    this.#batch.push(id, event);
  }

  readonly #flush = (): void => {
    if (!this.#credit.take()) {
      this.#state = 'held';
      return;
    }
    this.#state = 'empty';
    const batch = this.#batch;
    this.#batch = [];
    this.#ordinal += 1;
    this.#readAtNs = 0;
    this.#characters = 0;
    this.#post(batch);
    if (this.#blocked.size === 0) return;
    const blocked = this.#blocked;
    this.#blocked = new Set();
    for (const source of blocked) source.roomAgain();
  };
}
