/** Deeds that reach for what belongs to others: sessions, the gateway, its LLM, the network. */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { threadId } from 'node:worker_threads';
import { attempt, type Deed } from './deed.ts';

/** What turns of this agent have brought, of whatever session: a module is one for all turns of a thread or process. */
const seen: string[] = [];

/** Not in Object.prototype unless an agent put it there. */
const MARK = 'pollutedByAnAgent';

export const reach: Readonly<Record<string, Deed>> = {
  where: () => `${process.pid}/${threadId}`,
  environment: () => JSON.stringify(process.env),
  confide: ({ context: { session } }) => {
    seen.push(JSON.stringify(session.env));
    return 'kept';
  },
  overhear: () => seen.join(' '),
  pollute: () => {
    Object.defineProperty(Object.prototype, MARK, { value: true, configurable: true });
    return 'done';
  },
  polluted: () => String(MARK in {}),
  clean: () => String(Reflect.deleteProperty(Object.prototype, MARK)),
  /** The argument is a port, or the path of a socket. */
  connect: ({ argument }) =>
    attempt(
      () =>
        new Promise((resolve, reject) => {
          const target = /^\d+$/.test(argument) ? { host: '127.0.0.1', port: Number(argument) } : { path: argument };
          const socket = new Socket().once('error', reject);
          socket.connect(target, () => {
            socket.destroy();
            resolve('connected');
          });
        }),
    ),
  /** Asks the LLM, and looks at what goes through the socket. */
  key: ({ context, turn }) =>
    new Promise((resolve) => {
      const { write } = Socket.prototype;
      let found = 'not seen';
      Object.assign(Socket.prototype, {
        write(this: Socket, ...args: Parameters<typeof write>) {
          found = /authorization: (\S+ \S+)/i.exec(String(args[0]))?.[1] ?? found;
          return Reflect.apply(write, this, args) as boolean;
        },
      });
      const push = (event: { type: string }) => {
        if (event.type !== 'end') return true;
        Object.assign(Socket.prototype, { write });
        resolve(found);
        return true;
      };
      context.upstream({ ...turn, want: { phases: false } }, { push });
    }),
  /** Standard output of whatever process this is. */
  descriptor: ({ argument }) => attempt(() => void writeSync(1, `${argument}\n`)),
};
