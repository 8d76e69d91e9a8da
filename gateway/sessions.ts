/**
 * Sessions of agents, on the main thread: which turns share one, what an agent remembers of it, and its folder. A
 * session is a client's own: the same name means another one with another client. A turn that names none belongs to its
 * WebSocket connection; over plain HTTP it stands alone.
 *
 * Bounded in number: the least recently used go, as do those that are idle too long, but none that has a turn under way.
 */
import { randomBytes } from 'node:crypto';
import type { Turn } from '../transports/contract.ts';
import type { JsonObject, SessionData } from './agents/agent.ts';
import { copyState } from './agents/state.ts';
import { keyOf, Workspaces, type WorkspacesOptions } from './workspaces.ts';

export interface SessionsOptions extends WorkspacesOptions {
  idleTimeoutMs: number;
  workspacesMax: number;
  /** Variables of a client's that its agents get. */
  allowedEnv: readonly string[];
}

interface Session {
  readonly key: string;
  readonly workspace: string;
  /** Whose it is; absent: left by a gateway before this one, and known by its folder alone. */
  identity?: string;
  state: JsonObject;
  turns: number;
  idleSinceMs: number;
}

const EMPTY: Readonly<Record<string, never>> = Object.freeze({});

export class Sessions {
  readonly workspaces: Workspaces;
  readonly #idleTimeoutMs: number;
  readonly #sessionsMax: number;
  readonly #allowedEnv: ReadonlySet<string>;
  readonly #byIdentity = new Map<string, Session>();
  readonly #byKey = new Map<string, Session>();
  /** Without a turn under way; the longest idle first. */
  readonly #idle = new Set<Session>();
  /** Every gateway numbers its connections from 1. */
  readonly #run = randomBytes(8).toString('hex');
  readonly #timer: NodeJS.Timeout;

  /** Throws when the folder of workspaces cannot be made. */
  constructor(options: SessionsOptions) {
    this.#idleTimeoutMs = options.idleTimeoutMs;
    this.#sessionsMax = options.workspacesMax;
    this.#allowedEnv = new Set(options.allowedEnv);
    this.workspaces = new Workspaces(options);
    for (const key of this.workspaces.leftovers()) this.#idle.add(this.#add(key));
    this.#evict();
    this.#timer = setInterval(() => this.#expire(), Math.min(Math.max(options.idleTimeoutMs / 10, 100), 10_000));
    this.#timer.unref();
  }

  get count(): number {
    return this.#byKey.size;
  }

  /** Each call is answered by one of `done`, with what was returned. */
  open(turn: Turn): SessionData {
    const identity = this.#identityOf(turn);
    const env = turn.env === undefined ? EMPTY : this.#allowed(turn.env);
    if (identity === undefined) return { env, state: EMPTY, workspace: this.workspaces.ofTurn() };
    const session = this.#byIdentity.get(identity) ?? this.#create(identity);
    session.turns += 1;
    if (session.turns === 1) this.#idle.delete(session);
    const { key, state, workspace } = session;
    return { key, env, state, workspace };
  }

  /** For the session's next turn. @returns false when it is too large, or the session gone: an agent has been told so before */
  remember(key: string, state: JsonObject): boolean {
    const session = this.#byKey.get(key);
    if (!session) return false;
    try {
      session.state = copyState(state);
      return true;
    } catch {
      return false;
    }
  }

  /** The agent of the turn has come to its end, or its thread or process has. */
  done({ key, workspace }: SessionData): void {
    if (key === undefined) return this.workspaces.discard(workspace);
    const session = this.#byKey.get(key);
    if (!session) return;
    session.turns -= 1;
    if (session.turns > 0) return;
    session.idleSinceMs = performance.now();
    this.#idle.add(session);
    this.#evict();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#byIdentity.clear();
    this.#byKey.clear();
    this.#idle.clear();
    await this.workspaces.close();
  }

  /** Lengths keep names apart that would be the same when put together. */
  #identityOf({ session, arrival }: Turn): string | undefined {
    const client = arrival?.client ?? '';
    if (session !== undefined) return `session ${client.length} ${client} ${session}`;
    if (arrival?.transport !== 'websocket') return undefined;
    return `connection ${client.length} ${client} ${this.#run} ${arrival.connection}`;
  }

  #create(identity: string): Session {
    const key = keyOf(identity);
    const session = this.#byKey.get(key) ?? this.#add(key);
    session.identity = identity;
    this.#byIdentity.set(identity, session);
    this.#evict();
    return session;
  }

  #add(key: string): Session {
    const workspace = this.workspaces.ofSession(key);
    const session: Session = { key, workspace, state: EMPTY, turns: 0, idleSinceMs: performance.now() };
    this.#byKey.set(key, session);
    return session;
  }

  #allowed(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.entries(env).filter(([name]) => this.#allowedEnv.has(name)));
  }

  /** There are more than the bound only as long as that many have turns under way. */
  #evict(): void {
    for (const session of this.#idle) {
      if (this.#byKey.size <= this.#sessionsMax) return;
      this.#forget(session);
    }
  }

  #expire(): void {
    const beforeMs = performance.now() - this.#idleTimeoutMs;
    for (const session of this.#idle) {
      if (session.idleSinceMs > beforeMs) return;
      this.#forget(session);
    }
  }

  #forget(session: Session): void {
    this.#idle.delete(session);
    this.#byKey.delete(session.key);
    if (session.identity !== undefined) this.#byIdentity.delete(session.identity);
    this.workspaces.discard(session.workspace);
  }
}
