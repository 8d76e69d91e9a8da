/** Admin pages of a gateway that is not there: sound ones, which a test changes, on a port of their own. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GatewayStatus, GatewayThread, GatewayThreads } from '../operate/admin-client.ts';

export function statusPage(over: Partial<GatewayStatus> = {}): GatewayStatus {
  return {
    state: 'running',
    version: '0.1.0',
    pid: 4_242,
    startedAt: '2026-01-01T00:00:00.000Z',
    uptimeMs: 200_000,
    port: 18_789,
    connections: 12,
    sessions: 3,
    turns: {
      inFlight: 3,
      waiting: 1,
      ended: { completed: 1_200, failed: 2, cancelled: 1, timedOut: 0, refused: 4 },
      codes: { agent_error: 2, unauthorized: 4 },
    },
    pools: {
      thread: {
        units: 2,
        waiting: 1,
        dispatchMicros: { count: 1_207, p50: 61, p99: 410 },
        queueWaitMs: { p50: 0, p99: 12 },
        started: 3,
        ended: 1,
        died: 0,
        killed: 0,
      },
    },
    quotas: { warned: 1, stopped: 0 },
    commands: { running: 0 },
    memory: { rss: 120e6, heapUsed: 30e6, external: 2e6 },
    cpu: { userMicros: 10e6, systemMicros: 2e6 },
    window: { sinceMs: 200_000, loopDelayMs: { p50: 0.4, p90: 0.9, p99: 1.2, max: 14 }, loopUtilisation: 0.031 },
    log: { level: 'info', file: null, currentFile: null, errorsLogged: 0, lastErrorAt: null, linesDropped: 0 },
    config: {
      gateway: { host: '127.0.0.1' },
      auth: { tokens: [] },
      agents: {
        execution: 'thread',
        allowExecutionOverride: false,
        threadPool: { maxThreads: 2, queueSize: 100 },
        processPool: { maxProcesses: 2, queueSize: 100 },
      },
    },
    ...over,
  };
}

export function thread(over: Partial<GatewayThread> = {}): GatewayThread {
  return {
    name: 'agent-1',
    kind: 'thread',
    pid: 4_242,
    state: 'idle',
    agent: null,
    turns: 0,
    ageMs: 100_000,
    cpuMs: 2_500,
    heapUsedBytes: 9e6,
    externalBytes: 1e6,
    rssBytes: null,
    voluntarySwitches: 1_234,
    involuntarySwitches: 56,
    runQueueWaitMs: 250,
    runQueueWaitRatio: 0.1,
    ...over,
  };
}

export function threadsPage(...threads: GatewayThread[]): GatewayThreads {
  return { threads: [thread({ name: 'main', kind: 'main', state: 'running' }), ...threads], osThreads: 14 };
}

/** What each request is answered: an object, or `{ text, status }` as it stands. */
export type Pages = Readonly<Record<string, () => object>>;

function isText(page: object): page is { text: string; status: number } {
  return 'text' in page && 'status' in page;
}

export class FakeAdmin {
  readonly requests: string[] = [];
  readonly #server: Server;

  private constructor(pages: Pages) {
    this.#server = createServer((request, response) => {
      const asked = `${request.method} ${request.url}`;
      this.requests.push(asked);
      const page = pages[asked]?.() ?? { text: 'not found', status: 404 };
      if (isText(page)) response.writeHead(page.status).end(page.text);
      else response.end(JSON.stringify(page));
    });
  }

  static async start(pages: Pages): Promise<FakeAdmin> {
    const admin = new FakeAdmin(pages);
    await new Promise<void>((resolve) => admin.#server.listen(0, '127.0.0.1', resolve));
    return admin;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }
}
