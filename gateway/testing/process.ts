/**
 * The gateway as a real process, for tests: started with a configuration, seen through what it prints. It ends with
 * the test's process, also where a test is given up and never disposes of it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

export interface Ready {
  ready: 1;
  protocol: number;
  pid: number;
  ports: { gateway: number; metrics: number | null; admin: number };
}

export class GatewayProcess {
  readonly child: ChildProcess;
  /** The first line on standard output, parsed; `undefined` when it ended without one. */
  readonly firstLine: Promise<unknown>;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  errors = '';

  constructor(config: unknown, args: readonly string[] = []) {
    const folder = mkdtempSync(join(tmpdir(), 'gatebench-gateway-'));
    const file = join(folder, 'openclaw.json');
    writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
    const { NODE_OPTIONS: _, ...env } = process.env;
    this.child = spawn(process.execPath, [MAIN, '--config', file, '--exit-with-stdin', ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    this.exited = new Promise((resolve) => {
      // Standard error has been read to its end by then.
      this.child.once('close', (code, signal) => resolve({ code, signal }));
    });
    this.firstLine = new Promise((resolve) => {
      const lines = createInterface({ input: this.child.stdout! });
      const settle = (line: unknown) => {
        // The configuration has been read by then.
        rmSync(folder, { recursive: true, force: true });
        resolve(line);
      };
      lines.once('line', (line) => settle(JSON.parse(line)));
      lines.once('close', () => settle(undefined));
    });
  }

  async ready(): Promise<Ready> {
    const line = await this.firstLine;
    if (typeof line === 'object' && line !== null && 'ready' in line) return line as Ready;
    throw new Error(`the gateway did not start: ${JSON.stringify(line)} ${this.errors}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

/** A configuration on free ports. */
export function configFor(
  upstreamPort: number,
  over: Record<string, unknown> = {},
  upstream: Record<string, unknown> = {},
): Record<string, unknown> {
  return { gateway: { port: 0, adminPort: 0 }, upstream: { url: `http://127.0.0.1:${upstreamPort}`, ...upstream }, ...over };
}
