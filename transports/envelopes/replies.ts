/** What all reply codecs share: holding text back, and gathering a whole reply. */
import type { EndEvent, Phases, ToolCallEvent, TurnEvent, Usage } from '../contract.ts';
import type { ReplyWriter } from '../envelope.ts';
import { countOf, isObject } from './json.ts';

/** Holds text back until `flush`, so that what piles up in a tick becomes one delta; other events flush first. */
export abstract class HoldingWriter implements ReplyWriter {
  #held = '';
  #heldEvents = 0;

  event(event: TurnEvent): void {
    if (event.type === 'text') {
      this.#held += event.text;
      this.#heldEvents += 1;
      return;
    }
    this.flush();
    if (event.type === 'toolCall') this.toolCall(event);
    else if (event.type === 'end') this.end(event);
    else this.started(event.responseId);
  }

  flush(): void {
    if (this.#held === '') return;
    const text = this.#held;
    const events = this.#heldEvents;
    this.#held = '';
    this.#heldEvents = 0;
    this.text(text, events);
  }

  protected abstract started(responseId: string): void;
  /** Text that is not empty, of so many events. */
  protected abstract text(text: string, events: number): void;
  protected abstract toolCall(event: ToolCallEvent): void;
  protected abstract end(event: EndEvent): void;
}

/** Items of one reply's output (messages, tool calls): positions beyond are taken for nonsense. */
export const ITEMS_MAX = 4_096;

export interface Gathered {
  responseId: string | undefined;
  text: string;
  textEvents: number;
  /** In the order of their first fragments. */
  toolCalls: { index: number; id: string; name: string; arguments: string }[];
  end: EndEvent | undefined;
}

/** All events of a turn as one reply: text joined, and tool calls whole. */
export function gather(events: readonly TurnEvent[]): Gathered {
  const gathered: Gathered = { responseId: undefined, text: '', textEvents: 0, toolCalls: [], end: undefined };
  for (const event of events) {
    switch (event.type) {
      case 'started':
        gathered.responseId = event.responseId;
        break;
      case 'text':
        gathered.text += event.text;
        gathered.textEvents += 1;
        break;
      case 'toolCall': {
        const { index, id, name } = event;
        const call = gathered.toolCalls.find((one) => one.index === index);
        if (call) call.arguments += event.arguments;
        else gathered.toolCalls.push({ index, id, name, arguments: event.arguments });
        break;
      }
      case 'end':
        gathered.end = event;
        gathered.responseId ??= event.responseId;
        break;
    }
  }
  return gathered;
}

let repliesNamed = 0;

/** An id for a reply whose handler gave it none: the formats demand one. */
export function fallbackId(prefix: string): string {
  repliesNamed += 1;
  return `${prefix}${repliesNamed.toString(36)}`;
}

export function readUsage(input: unknown, output: unknown): Usage | undefined {
  const inputTokens = countOf(input);
  const outputTokens = countOf(output);
  return inputTokens === undefined || outputTokens === undefined ? undefined : { inputTokens, outputTokens };
}

const PHASES_MAX = 64;

/** Phases as they came; entries that are no times are left out, for diagnostics are no reason to fail a turn. */
export function readPhases(value: unknown): Phases | undefined {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value).filter(([, ms]) => typeof ms === 'number');
  return Object.fromEntries(entries.slice(0, PHASES_MAX)) as Record<string, number>;
}

/** Phases as the field that OpenAI's clients pass over. */
export function phasesField(phases: Phases): string {
  return `,"gatebench":${JSON.stringify({ phases })}`;
}

/** So much padding, however many events a message holds. */
const PADDING_CHARACTERS_MAX = 64 * 1024 * 1024;

/**
 * Padding as OpenAI's servers send it with their deltas, against eavesdroppers who measure messages; their clients pass
 * over it. Here it makes a gateway wasteful by a known amount: so many bytes, and 17 for the field, without compression.
 */
export function paddingOf(extraBytesPerToken: number, events: number): string {
  return 'x'.repeat(Math.min(PADDING_CHARACTERS_MAX, extraBytesPerToken * events));
}

export function paddingField(extraBytesPerToken: number, events: number): string {
  return `,"obfuscation":"${paddingOf(extraBytesPerToken, events)}"`;
}

/** The end of a turn, without fields that it does not have. */
export function endOf(
  outcome: EndEvent['outcome'],
  usage: Usage | undefined,
  responseId: string | undefined,
  phases: Phases | undefined,
): EndEvent {
  return {
    type: 'end',
    outcome,
    ...(usage === undefined ? {} : { usage }),
    ...(responseId === undefined ? {} : { responseId }),
    ...(phases === undefined ? {} : { phases }),
  };
}
