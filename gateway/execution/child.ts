/**
 * A process that runs agents: a host of turns whose channel is a socket to the gateway. It ends itself when the gateway
 * goes away; while an agent computes without end it cannot notice, and the gateway, unless killed, ends it.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { ToldCredit } from './credit.ts';
import { AgentHost } from './host.ts';
import { readLines, writeLine } from './lines.ts';
import type { FromChild, ToChild, ToHost, TurnTask } from './messages.ts';
import { isProfiled } from './profiling.ts';
import type { UnitSample } from './unit.ts';

/** For the pool: after bundling, only the module itself knows where it lies. */
export const url = import.meta.url;

/** What the gateway opens for the process. */
export const CHANNEL_FD = 3;
/** Four bytes of a file, which the gateway reads whatever the process is at: the turn whose code was entered last. */
export const ENTERED_FD = 4;

/** From the gateway anything is taken, whatever its length. */
const LINE_CHARACTERS_MAX = Number.POSITIVE_INFINITY;

function main(): void {
  const socket = new Socket({ fd: CHANNEL_FD, readable: true, writable: true });
  const post = (message: FromChild) => writeLine(socket, message);
  const leave = () => process.exit(0);
  socket.on('error', leave).on('close', leave);
  // Its profile is written when it leaves by itself.
  if (isProfiled()) process.on('SIGTERM', leave);
  const listeners: ((message: ToHost) => void)[] = [];
  const credit = new ToldCredit();
  let host: AgentHost | undefined;
  const begin = async ({ begin: settings, name }: Extract<ToChild, { begin: unknown }>) => {
    process.title = `gatebench-${name}`;
    try {
      const port = { post, onMessage: (listener: (message: ToHost) => void) => listeners.push(listener) };
      host = await AgentHost.start(settings, { port, credit, entered: noteEntered() });
      post({ ready: 1 });
    } catch (error) {
      post({ failed: error instanceof Error ? error.message : String(error) });
    }
  };
  readLines(
    socket,
    LINE_CHARACTERS_MAX,
    (line) => {
      const message = line as ToChild;
      if ('begin' in message) void begin(message);
      else if ('run' in message) void host?.run(message.run satisfies TurnTask);
      else if ('reportUsage' in message) post({ usage: usage() });
      else {
        if ('delivered' in message) credit.acknowledged(message.delivered);
        for (const listener of listeners) listener(message);
      }
    },
    leave,
  );
}

/** A write costs 1 to 2 µs; events of the same turn follow each other more often than not. */
function noteEntered(): (turn: number) => void {
  const bytes = Buffer.alloc(4);
  let last = 0;
  return (turn) => {
    if (turn === last) return;
    last = turn;
    bytes.writeInt32LE(turn);
    writeSync(ENTERED_FD, bytes, 0, 4, 0);
  };
}

/** Where the operating system does not tell. What answers is not computing. */
function usage(): UnitSample {
  const { user, system } = process.cpuUsage();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { cpuNs: (user + system) * 1_000, computing: false, heapUsedBytes: heapUsed, externalBytes: external, rssBytes: rss };
}

/** The gateway imports this module too, for its address. */
if (import.meta.main) main();
