/**
 * A gateway of one user for one command: on free ports of loopback, behind a token that nobody else has, with the one
 * tool that the command needs. It needs no LLM, and ends with this process, however that ends.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../../transports/client.ts';
import type { Client } from '../../../transports/wire.ts';
import { modulePath } from '../../host/package.ts';
import { Child, ChildError } from '../../orchestrator/children.ts';
import { AdminClient } from './admin-client.ts';
import { DEFAULT_ADMIN_PORT } from './defaults.ts';

const READY_TIMEOUT_MS = 30_000;
/** Beyond the command's own timeout: until its processes are gone and the turn has told its end. */
const TURN_GRACE_MS = 30_000;
/** Nothing is asked of it: the discard port, where nobody listens. */
const NO_UPSTREAM = 'http://127.0.0.1:9';

export interface PrivateGatewayOptions {
  agent: string;
  /** As `--mode` of the gateway. */
  mode: string;
  /** Its first word decides what the agent may start. */
  command: string;
  timeoutMs: number;
  workspace: string;
  /** For the command, through the handshake. */
  env: Readonly<Record<string, string>>;
}

interface Ready {
  ready: 1;
  pid: number;
  ports: { gateway: number; admin: number };
}

export interface PrivateGateway {
  readonly client: Client;
  readonly admin: AdminClient;
  /** Settles when its process ends, with how. */
  readonly exited: Promise<string>;
  close(): Promise<void>;
}

/** @throws ChildError with all that the gateway said when it does not start. */
export async function startPrivateGateway(options: PrivateGatewayOptions): Promise<PrivateGateway> {
  const token = randomBytes(32).toString('base64url');
  const child = await startOnDefaultPort(options, token);
  const { ports } = child.ready;
  const client = connect({
    leg: { transport: 'websocket', envelope: 'responses', connection: 'kept' },
    host: '127.0.0.1',
    port: ports.gateway,
    headers: { authorization: `Bearer ${token}` },
    session: { env: options.env },
  });
  return {
    client,
    admin: new AdminClient(ports.admin),
    exited: child.exited,
    close: async () => {
      await client.close();
      await child.stop();
    },
  };
}

/** On the default admin port, where `gatebench status` looks, unless somebody has it or takes it first. */
async function startOnDefaultPort(options: PrivateGatewayOptions, token: string): Promise<Child<Ready>> {
  if (!(await isFree(DEFAULT_ADMIN_PORT))) return start(options, token, 0);
  try {
    return await start(options, token, DEFAULT_ADMIN_PORT);
  } catch (error) {
    if (!(error instanceof ChildError) || !error.message.includes('EADDRINUSE')) throw error;
    return start(options, token, 0);
  }
}

async function start(options: PrivateGatewayOptions, token: string, adminPort: number): Promise<Child<Ready>> {
  // For its owner alone, since it holds the token; read by the time the gateway is ready.
  const folder = mkdtempSync(join(tmpdir(), 'gatebench-run-'));
  try {
    const file = join(folder, 'openclaw.json');
    writeFileSync(file, JSON.stringify(configOf(options, token, adminPort)), { mode: 0o600 });
    return await Child.start<Ready>({
      name: 'the gateway',
      module: modulePath('gateway/main'),
      arguments: ['--config', file, '--mode', options.mode, '--exit-with-stdin'],
      prefix: [],
      detached: true,
      readyTimeoutMs: READY_TIMEOUT_MS,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function configOf({ agent, command, timeoutMs, workspace, env }: PrivateGatewayOptions, token: string, adminPort: number): object {
  const turnTimeoutMs = timeoutMs + TURN_GRACE_MS;
  return {
    // Whoever reads the output may take its time: that is no reason to give the command up.
    gateway: { host: '127.0.0.1', port: 0, adminPort, shutdownTimeoutMs: 1_000, stallTimeoutMs: turnTimeoutMs },
    acp: { defaultAgent: agent, allowedAgents: [agent], [agent]: { tools: ['exec'], keepAliveInterval: 0 } },
    auth: { tokens: [token] },
    security: {
      websocket: {
        enabled: true,
        messageAuth: 'JWT',
        requireMessageAuth: true,
        sessionLifetimeMs: turnTimeoutMs,
        allowedEnv: Object.keys(env),
      },
    },
    agents: {
      threadPool: { maxThreads: 1 },
      processPool: { maxProcesses: 1 },
      workspaces: { fixed: workspace },
      commands: { programs: programsFor(command), timeoutMs, concurrentMax: 1 },
    },
    upstream: { url: NO_UPSTREAM },
    turnTimeoutMs,
    logging: { level: 'warn' },
  };
}

/** What scripts are run by, executables of the workspace, and the program that the command itself names. */
export function programsFor(command: string): string[] {
  const [, quoted, plain] = /^\s*(?:["']([^"']*)["']|(\S+))/.exec(command) ?? [];
  const first = quoted ?? plain ?? '';
  return [...new Set(['python3', 'node', './*', ...(/^\S+$/.test(first) ? [first] : [])])];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
