/**
 * A real Prometheus, for tests: Debian's, on a free port, with what it stores in a temporary folder. It scrapes each
 * second whatever pages a test names, and evaluates the rules of this repository.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Target {
  port: number;
  labels: Readonly<Record<string, string>>;
}

export interface Series {
  metric: Readonly<Record<string, string>>;
  value?: readonly [number, string];
  values?: readonly (readonly [number, string])[];
}

export interface Exemplars {
  seriesLabels: Readonly<Record<string, string>>;
  exemplars: readonly { labels: Readonly<Record<string, string>>; value: string; timestamp: number }[];
}

const READY_TIMEOUT_MS = 15_000;

/** Why there is none, or `undefined`. In CI there must be one: `.ci/run` installs it. */
export function missing(command: 'prometheus' | 'promtool'): string | undefined {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    if (process.env.CI === 'true') throw new Error(`${command} is missing; it is in the Debian package prometheus`);
    return `${command} is not installed (Debian package prometheus)`;
  }
}

export class Prometheus {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #url: string;
  readonly #exited: Promise<unknown>;
  #output = '';

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child;
    this.#folder = folder;
    this.#url = `http://127.0.0.1:${port}`;
    this.#exited = new Promise((resolve) => child.once('close', resolve));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#output = (this.#output + text).slice(-4_000);
    });
  }

  static async start(targets: Readonly<Record<string, readonly Target[]>>, ruleFiles: readonly string[]): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'gatebench-prometheus-'));
    const config = join(folder, 'prometheus.json');
    writeFileSync(config, JSON.stringify(configOf(targets, ruleFiles)));
    const port = await freePort();
    const child = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--enable-feature=exemplar-storage',
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const started = new Prometheus(child, folder, port);
    try {
      await started.#ready();
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
    return started;
  }

  /** Waits until every target has been scraped this often, and fails when one cannot be. */
  async scraped(times: number, timeoutMs: number): Promise<void> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const counts = await this.query(`sum by (job, instance) (count_over_time(up[1h]))`);
      const down = await this.targetErrors();
      const targets = await this.query('up');
      if (targets.length > 0 && counts.every(({ value }) => Number(value?.[1]) >= times) && down.length === 0) return;
      if (performance.now() > end) throw new Error(`not scraped ${times} times in ${timeoutMs} ms: ${JSON.stringify({ counts, down })}`);
      await sleep(250);
    }
  }

  /** Of the last scrapes. */
  async targetErrors(): Promise<string[]> {
    const { activeTargets } = await this.#get<{ activeTargets: { scrapeUrl: string; lastError: string }[] }>('targets', {});
    return activeTargets.filter(({ lastError }) => lastError !== '').map(({ scrapeUrl, lastError }) => `${scrapeUrl}: ${lastError}`);
  }

  async query(expr: string): Promise<Series[]> {
    return (await this.#get<{ result: Series[] }>('query', { query: expr })).result;
  }

  /** The last `seconds`, a value a second. */
  async queryRange(expr: string, seconds: number): Promise<Series[]> {
    const now = Date.now() / 1_000;
    const range = { query: expr, start: String(now - seconds), end: String(now), step: '1' };
    return (await this.#get<{ result: Series[] }>('query_range', range)).result;
  }

  labelValues(label: string, selector: string): Promise<string[]> {
    return this.#get<string[]>(`label/${label}/values`, { 'match[]': selector });
  }

  exemplars(selector: string): Promise<Exemplars[]> {
    const now = Date.now() / 1_000;
    return this.#get<Exemplars[]>('query_exemplars', { query: selector, start: String(now - 600), end: String(now + 1) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #get<T>(path: string, parameters: Readonly<Record<string, string>>): Promise<T> {
    const response = await fetch(`${this.#url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const answer = (await response.json()) as { status: string; data: T; error?: string };
    if (answer.status !== 'success') throw new Error(`${answer.error}: ${JSON.stringify(parameters)}`);
    return answer.data;
  }

  async #ready(): Promise<void> {
    const end = performance.now() + READY_TIMEOUT_MS;
    while (performance.now() < end && this.#child.exitCode === null) {
      const ready = await fetch(`${this.#url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (ready) return;
      await sleep(50);
    }
    throw new Error(`Prometheus did not start: ${this.#output}`);
  }
}

function configOf(targets: Readonly<Record<string, readonly Target[]>>, ruleFiles: readonly string[]): object {
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ruleFiles,
    scrape_configs: Object.entries(targets).map(([job, scraped]) => ({
      job_name: job,
      static_configs: scraped.map(({ port, labels }) => ({ targets: [`127.0.0.1:${port}`], labels })),
    })),
  };
}

/** Prometheus cannot be asked which port it took, so one is taken and let go. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
