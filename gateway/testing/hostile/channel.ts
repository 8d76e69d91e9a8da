/** Deeds on the channel to the gateway, which code in a thread or process can find as well as the gateway's own can. */
import { writeSync } from 'node:fs';
import { isMainThread, MessagePort, parentPort } from 'node:worker_threads';
import type { Sink } from '../../../transports/contract.ts';
import { attempt, type Deed } from './deed.ts';

/** Of a process. */
const CHANNEL_FD = 3;
/** More than any test has turns. */
const TURNS = 1_000;

const NONSENSE: readonly unknown[] = [
  undefined,
  null,
  1,
  'nonsense',
  [],
  {},
  [1],
  [1, 2],
  [1, { type: 'end' }],
  { accepted: 'x' },
  { remember: 7, state: null },
  { startCommand: {}, turn: {}, request: null },
  { controlCommand: 1, to: 'nothing' },
  { takenOf: null, characters: 'many' },
  { errorOf: null, agent: 1, message: {}, stack: [] },
  { taskId: -1, result: {}, error: {} },
];

/** Every port through which this thread speaks: one says something, and is caught at it. */
async function ports(sink: Sink): Promise<ReadonlySet<MessagePort>> {
  const found = new Set<MessagePort>(parentPort ? [parentPort] : []);
  const { postMessage } = MessagePort.prototype;
  Object.assign(MessagePort.prototype, {
    postMessage(this: MessagePort, ...args: [unknown, []?]) {
      found.add(this);
      Reflect.apply(postMessage, this, args);
    },
  });
  sink.push({ type: 'text', text: ' ' }, 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  Object.assign(MessagePort.prototype, { postMessage });
  return found;
}

async function say(sink: Sink, messages: readonly unknown[]): Promise<void> {
  if (isMainThread) for (const message of messages) writeSync(CHANNEL_FD, `${JSON.stringify(message ?? null)}\n`);
  else for (const port of await ports(sink)) for (const message of messages) port.postMessage(message);
}

export const channel: Readonly<Record<string, Deed>> = {
  nonsense: ({ sink }) => attempt(() => say(sink, NONSENSE)),
  /** The argument as text of each turn that there may be. */
  forge: ({ sink, argument }) => {
    const ids = Array.from({ length: TURNS }, (_, index) => index + 1);
    return attempt(() => say(sink, [ids.flatMap((id) => [id, argument])]));
  },
};
