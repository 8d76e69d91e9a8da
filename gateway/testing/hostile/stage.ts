/**
 * A gateway whose agents misbehave, as a process of its own, with innocent turns beside the hostile one: one in the same
 * thread or process, one in another. Both go on from deed to deed as long as they live.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '../../../transports/client.ts';
import type { Execution, Outcome, Running } from '../../../transports/contract.ts';
import { serve } from '../../../transports/server.ts';
import { COMPLETED, Collector, says, turn, until } from '../../../transports/testing/legs.ts';
import type { Client, Server } from '../../../transports/wire.ts';
import { configFor, GatewayProcess, type Ready } from '../process.ts';

const MODULE = fileURLToPath(new URL('./agent.ts', import.meta.url));
const TOKEN = 'token-of-these-tests';

export const API_KEY = 'key-of-the-upstream';
export interface Limits {
  turnTimeoutMs: number;
  cpuMs: number;
  memoryMb: number;
}

const LIMITS: Limits = { turnTimeoutMs: 300_000, cpuMs: 1_000, memoryMb: 192 };
const CANCEL_GRACE_MS = 1_000;

/** Of the environment of the gateway's own process. */
export const SECRET = { name: 'GATEBENCH_TEST_SECRET', value: 'secret-of-the-gateway' };
/** Of another session than the hostile one. */
export const CONFIDED = { name: 'GATEBENCH_TEST_CONFIDED', value: 'secret-of-a-session' };

/** The hostile turn's session; in a process, also that of its neighbour. */
const HERE = 'here';
/** In a thread, turns of any session are neighbours. */
const BESIDE = 'beside';
const ELSEWHERE = 'elsewhere';

export interface Ended {
  /** `completed`, or the code that the turn ended with. */
  code: string;
  message: string;
  text: string;
}

export type Fate = 'goes on' | string;

export interface Deeds {
  ended: Ended;
  /** Of the innocent turn beside it, and of the one elsewhere. */
  neighbour: Fate;
  elsewhere: Fate;
  gateway: 'goes on' | 'ends';
  /** What those two said. */
  said: { neighbour: string; elsewhere: string };
}

class Innocent {
  readonly sink = new Collector();
  readonly #running: Running;
  fate: Fate = 'goes on';
  message = '';

  constructor(client: Client, over: { session: string; agent: string }) {
    this.#running = client.handler(turn({ ...over, input: [{ role: 'user', content: 'tick' }] }), this.sink);
    void this.sink.done.then(({ outcome }) => {
      this.fate = codeOf(outcome);
      this.message = 'message' in outcome ? outcome.message : '';
    });
  }

  /** It has ended, or says more from now on. */
  async settled(): Promise<void> {
    const { length } = this.sink.text;
    await until(() => this.fate !== 'goes on' || this.sink.text.length >= length + 2);
  }

  stop(): void {
    this.#running.cancel();
  }
}

export class Stage {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'gatebench-containment-')));
  readonly execution: Execution;
  readonly #upstream: Server;
  readonly #limits: Limits;
  #gateway: GatewayProcess | undefined;
  #ready: Ready | undefined;
  #client: Client | undefined;
  #confidant: Client | undefined;
  #innocents: { neighbour: Innocent; elsewhere: Innocent } | undefined;
  /** What gateways on this stage have written to their standard output, and to their logs. */
  output = '';
  log = '';

  private constructor(execution: Execution, upstream: Server, limits: Limits) {
    this.execution = execution;
    this.#upstream = upstream;
    this.#limits = limits;
  }

  static async open(execution: Execution, limits: Partial<Limits> = {}): Promise<Stage> {
    const upstream = await serve({ host: '127.0.0.1', port: 0, handler: says({ type: 'text', text: 'said' }, COMPLETED) });
    return new Stage(execution, upstream, { ...LIMITS, ...limits });
  }

  /** Of the gateway, which is started if there is none. */
  async pid(): Promise<number> {
    await this.#clientOf();
    return this.#ready!.pid;
  }

  get upstreamPort(): number {
    return this.#upstream.port;
  }

  /** One turn of the hostile agent, with nobody else on stage. */
  async turn(content: string, over: { session?: string; agent?: string } = {}): Promise<Ended> {
    return this.#run(await this.#clientOf(), content, over);
  }

  /** One turn of a session that brings a secret in its environment. */
  async confide(content: string): Promise<Ended> {
    await this.#clientOf();
    return this.#run(this.#confidant!, content, { session: 'confiding' });
  }

  /** A hostile turn between innocent ones. */
  async perform(content: string): Promise<Deeds> {
    const client = await this.#clientOf();
    const { neighbour, elsewhere } = await this.#beside(client);
    const ended = await this.#run(client, content, { session: HERE });
    await Promise.all([neighbour.settled(), elsewhere.settled()]);
    const gateway = await this.#alive();
    if (gateway === 'ends') await this.#leave();
    return {
      ended,
      neighbour: neighbour.fate,
      elsewhere: elsewhere.fate,
      gateway,
      said: { neighbour: neighbour.sink.text, elsewhere: elsewhere.sink.text },
    };
  }

  async page<T>(name: string): Promise<T> {
    return (await (await fetch(`http://127.0.0.1:${this.#ready!.ports.admin}/${name}`)).json()) as T;
  }

  async close(): Promise<void> {
    await this.#leave();
    await this.#upstream.close(0);
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #run(client: Client, content: string, over: { session?: string; agent?: string }): Promise<Ended> {
    const sink = new Collector();
    client.handler(turn({ session: HERE, agent: 'codex', ...over, input: [{ role: 'user', content }] }), sink);
    const { outcome } = await sink.done;
    return { code: codeOf(outcome), message: 'message' in outcome ? outcome.message : '', text: sink.text };
  }

  async #beside(client: Client): Promise<{ neighbour: Innocent; elsewhere: Innocent }> {
    const lives = (one: Innocent | undefined) => (one?.fate === 'goes on' ? one : undefined);
    const byAgent = this.execution !== 'process';
    const away = { session: ELSEWHERE, agent: byAgent ? 'subagent' : 'codex' };
    const elsewhere = lives(this.#innocents?.elsewhere) ?? new Innocent(client, away);
    await elsewhere.settled();
    // Last, so that it is as old as the hostile turn, or much older.
    const near = { session: byAgent ? BESIDE : HERE, agent: 'codex' };
    const neighbour = lives(this.#innocents?.neighbour) ?? new Innocent(client, near);
    await neighbour.settled();
    this.#innocents = { neighbour, elsewhere };
    for (const { fate, message } of [neighbour, elsewhere])
      if (fate !== 'goes on') throw new Error(`an innocent turn did not begin: ${message}`);
    return this.#innocents;
  }

  async #clientOf(): Promise<Client> {
    if (this.#client) return this.#client;
    const { name, value } = SECRET;
    process.env[name] = value;
    this.#gateway = new GatewayProcess(this.#config());
    delete process.env[name];
    this.#gateway.child.stdout!.on('data', (text: Buffer | string) => {
      this.output += String(text);
    });
    this.#ready = await this.#gateway.ready();
    const options = { host: '127.0.0.1', port: this.#ready.ports.gateway, headers: { authorization: `Bearer ${TOKEN}` } };
    const env = { [CONFIDED.name]: CONFIDED.value };
    this.#confidant = connect({ ...options, leg: { transport: 'websocket', envelope: 'responses', connection: 'kept' }, session: { env } });
    this.#client = connect({ ...options, leg: { transport: 'websocket', envelope: 'compact', connection: 'multiplexed' } });
    return this.#client;
  }

  #config(): Record<string, unknown> {
    const { turnTimeoutMs, cpuMs, memoryMb } = this.#limits;
    const over = {
      turnTimeoutMs,
      auth: { tokens: [TOKEN] },
      security: { websocket: { enabled: true, messageAuth: 'JWT', allowedEnv: [CONFIDED.name] } },
      // All turns of codex share the one thread that subagent leaves them.
      acp: { codex: { module: MODULE }, subagent: { module: MODULE, threads: 'own' } },
      agents: {
        execution: this.execution,
        cancelGraceMs: CANCEL_GRACE_MS,
        quotas: { cpuMs, memory: `${memoryMb}MB` },
        threadPool: { maxThreads: 2 },
        processPool: { maxProcesses: 4 },
        workspaces: { folder: join(this.folder, 'workspaces') },
      },
    };
    return configFor(this.#upstream.port, over, { apiKey: API_KEY });
  }

  async #alive(): Promise<'goes on' | 'ends'> {
    const ended = this.#gateway!.exited.then(() => 'ends' as const);
    const answers = fetch(`http://127.0.0.1:${this.#ready!.ports.admin}/healthz`).then(
      () => 'goes on' as const,
      () => ended,
    );
    return Promise.race([ended, answers]);
  }

  async #leave(): Promise<void> {
    for (const one of Object.values(this.#innocents ?? {})) one.stop();
    await this.#client?.close();
    await this.#confidant?.close();
    await this.#gateway?.[Symbol.asyncDispose]();
    this.log += this.#gateway?.errors ?? '';
    this.#gateway = undefined;
    this.#innocents = undefined;
    this.#client = undefined;
  }
}

function codeOf(outcome: Outcome): string {
  if (outcome.kind === 'failed' || outcome.kind === 'refused') return outcome.code;
  return outcome.kind;
}
