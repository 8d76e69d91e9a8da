/**
 * A worker's events on their way to the main thread: what piles up in one pass of the event loop leaves as one batch,
 * and text that follows text of the same turn joins it. When too many batches are unacknowledged, events wait here,
 * and their turns are told to pause.
 */
import type { TurnEvent } from '../../transports/contract.ts';
import { BATCHES_UNACKNOWLEDGED_MAX, type Batch } from './messages.ts';

/** Text waiting here beyond which turns are asked to pause. */
const CHARACTERS_WAITING_MAX = 256 * 1024;
/** Events other than text have no length to speak of; these are counted. */
const EVENTS_WAITING_MAX = 8_192;

/** A turn, as the outbox sees it. */
export interface Source {
  readonly id: number;
  /** Where in the waiting batch its last event lies, if that is text; else -1. The outbox's own. */
  lastText: number;
  /** There is room again. */
  roomAgain(): void;
}

export class Outbox {
  readonly #post: (batch: Batch) => void;
  readonly #later: (flush: () => void) => void;
  #batch: Batch = empty();
  #sources = new Set<Source>();
  #characters = 0;
  #scheduled = false;
  #credit = BATCHES_UNACKNOWLEDGED_MAX;
  #blocked = new Set<Source>();

  /** @param later runs its argument at the end of this pass of the event loop */
  constructor(post: (batch: Batch) => void, later: (flush: () => void) => void = setImmediate) {
    this.#post = post;
    this.#later = later;
  }

  /** @returns false when the source should pause until `roomAgain`. */
  add(source: Source, event: TurnEvent, readAtNs: number): boolean {
    const { ids, events } = this.#batch;
    if (event.type === 'text') {
      this.#characters += event.text.length;
      if (source.lastText >= 0) events[source.lastText] = (events[source.lastText] as string) + event.text;
      else {
        source.lastText = events.length;
        this.#sources.add(source);
        this.#append(source.id, event.text, readAtNs);
      }
    } else {
      source.lastText = -1;
      this.#append(source.id, event, readAtNs);
    }
    if (!this.#scheduled && this.#credit > 0) {
      this.#scheduled = true;
      this.#later(this.#flush);
    }
    if (this.#characters <= CHARACTERS_WAITING_MAX && ids.length <= EVENTS_WAITING_MAX) return true;
    this.#blocked.add(source);
    return false;
  }

  acknowledged(batches: number): void {
    this.#credit += batches;
    if (!this.#scheduled && this.#batch.ids.length > 0) this.#flush();
  }

  #append(id: number, event: string | TurnEvent, readAtNs: number): void {
    this.#batch.ids.push(id);
    this.#batch.events.push(event);
    this.#batch.readAtNs.push(readAtNs);
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    const batch = this.#batch;
    this.#batch = empty();
    this.#characters = 0;
    for (const source of this.#sources) source.lastText = -1;
    this.#sources.clear();
    this.#credit -= 1;
    this.#post(batch);
    if (this.#blocked.size === 0) return;
    const blocked = this.#blocked;
    this.#blocked = new Set();
    for (const source of blocked) source.roomAgain();
  };
}

function empty(): Batch {
  return { ids: [], events: [], readAtNs: [] };
}
