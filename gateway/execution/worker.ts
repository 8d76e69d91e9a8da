/**
 * A thread that runs agents, as a worker of piscina: its first task begins it, every further one is a turn. Everything
 * else about turns passes through the port that the first one brings.
 */
import type { MessagePort } from 'node:worker_threads';
import { ENTERED, SharedCredit, type SharedWords } from './credit.ts';
import { AgentHost } from './host.ts';
import type { HostSettings, Port, ToHost, TurnTask } from './messages.ts';

/**
 * Piscina first tries `require` on a worker's module. A thread that is terminated while it requires an ES module aborts
 * the whole process (an assertion in Node 26.10); one that waits at its top level cannot be required, and is imported.
 */
await undefined;

/** For the pool: after bundling, only the module itself knows where it lies. */
export const url = import.meta.url;

export interface BeginTask {
  begin: HostSettings;
  port: MessagePort;
  shared: SharedWords;
}

let host: AgentHost | undefined;

export default async function run(task: BeginTask | TurnTask): Promise<void> {
  if ('begin' in task) return begin(task);
  if (!host) throw new Error('a turn came before the thread had begun');
  await host.run(task);
}

async function begin({ begin: settings, port, shared }: BeginTask): Promise<void> {
  const entered = (turn: number) => {
    shared[ENTERED] = turn;
  };
  host = await AgentHost.start(settings, { port: messagePort(port), credit: new SharedCredit(shared), entered });
}

function messagePort(port: MessagePort): Port {
  return {
    post: (message) => port.postMessage(message),
    onMessage: (listener) => port.on('message', (message: ToHost) => listener(message)),
  };
}
