/** Deeds that end what they run in, or are meant to. */
import { attempt, type Deed, forTime } from './deed.ts';

export const endings: Readonly<Record<string, Deed>> = {
  exit: () => process.exit(7),
  abort: () => attempt(() => process.abort()),
  'kill-own': async () => {
    process.kill(process.pid, 'SIGKILL');
    return forTime();
  },
  /** The argument is the gateway's number. */
  'kill-gateway': async ({ argument }) => {
    process.kill(Number(argument), 'SIGKILL');
    return forTime();
  },
  throw: () => {
    throw new Error('thrown by an agent');
  },
  'throw-later': () => {
    setImmediate(() => {
      throw new Error('thrown by an agent, later');
    });
    return forTime();
  },
  reject: () => {
    void Promise.reject(new Error('rejected by an agent'));
    return forTime();
  },
  /** The argument is a number of kilobytes, each an event. */
  flood: ({ sink, argument }) => {
    const text = 'x'.repeat(1_024);
    for (let count = 0; count < Number(argument); count += 1) sink.push({ type: 'text', text }, 0);
    return 'flooded';
  },
};
