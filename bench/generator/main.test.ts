import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Handler } from '../../transports/contract.ts';
import { serve } from '../../transports/server.ts';
import type { Server } from '../../transports/wire.ts';
import { SPEC, WORKLOAD } from '../driver/testing/trials.ts';
import { TokenColumns } from '../ledger/columns.ts';
import { type ArrivalRow, readMarker } from '../ledger/rows.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import type { GeneratorLine, TrialResult, TrialSpec } from '../trial.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const children = new Set<ChildProcessWithoutNullStreams>();
const folder = mkdtempSync(join(tmpdir(), 'gatebench-generator-'));

/** Replies with as many words as its marker asks for; the model `silent` never replies. */
const seen = { keys: [] as string[], cancelled: 0 };
const handler: Handler = (turn, sink) => {
  const marker = readMarker(turn.input.at(-1)?.content ?? '');
  seen.keys.push(marker?.key ?? '');
  sink.push({ type: 'started', responseId: `r-${marker?.key}` }, 0);
  const cancel = () => {
    seen.cancelled += 1;
    sink.push({ type: 'end', outcome: { kind: 'cancelled' } }, 0);
  };
  if (turn.model === 'silent') return { resume() {}, cancel };
  const timer = setTimeout(() => {
    for (let word = 0; word < (marker?.tokens ?? 0); word += 1) sink.push({ type: 'text', text: 'word ' }, 0);
    sink.push(
      { type: 'end', outcome: { kind: 'completed', finish: 'stop' }, usage: { inputTokens: 10, outputTokens: marker?.tokens ?? 0 } },
      0,
    );
  }, 10);
  return { resume() {}, cancel: () => clearTimeout(timer) };
};
let server: Server;
beforeAll(async () => {
  server = await serve({ host: '127.0.0.1', port: 0, handler });
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(async () => {
  await server.close(0);
  rmSync(folder, { recursive: true });
});

function start(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args]);
  children.add(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  const next = async () => JSON.parse((await lines.next()).value ?? 'null') as GeneratorLine & { problems?: string[] };
  const tell = (command: object) => child.stdin.write(`${JSON.stringify(command)}\n`);
  return { child, next, tell, exited };
}
const trial = (rest: Partial<TrialSpec>, workload: Partial<TrialSpec['workload']> = {}): TrialSpec => ({
  ...SPEC,
  client: { ...SPEC.client, port: server.port },
  workload: { ...WORKLOAD, ...workload },
  ...rest,
});

describe('the process', () => {
  test('runs trials over a real wire, and ends with its input', async () => {
    const { child, next, tell, exited } = start();
    expect(await next()).toEqual({ ready: 1, pid: child.pid });

    const arrivalsPath = join(folder, 'arrivals');
    tell({ trial: trial({ id: 'one', warmupMs: 100, measureMs: 400, arrivalsPath }) });
    expect(await next()).toMatchObject({ window: 'start', id: 'one' });
    expect(await next()).toMatchObject({ window: 'end', id: 'one' });
    const { result } = (await next()) as { result: TrialResult };
    expect(result.id).toBe('one');
    expect(result.turns).toEqual({ offered: 40, completed: 40, failed: 0, cancelled: 0, timedOut: 0, refused: 0, dropped: 0 });
    expect(result.windowEndNs - result.windowStartNs).toBe(400e6);
    expect(result.totals).toMatchObject({ turns: 50, outputTokens: 250, meter: { turns: 50, contentBytes: 50 * 5 * 5 } });
    expect(result.totals.meter.wireReadBytes).toBeGreaterThan(result.totals.meter.contentBytes);
    expect(LatencyHistogram.decode(result.histograms.ttft).count).toBe(40);
    expect(result.generator.cpuNs).toBeGreaterThan(0);
    expect(new Set(seen.keys).size).toBe(50);
    const arrivals = TokenColumns.load<ArrivalRow>(arrivalsPath);
    expect(arrivals.rows.map(({ key }) => key).sort()).toEqual([...seen.keys].sort());
    for (const row of arrivals.rows) expect(arrivals.lengthsOf(row).at(-1)).toBe(25);

    // The same seed offers the same turns; another trial has a client and totals of its own.
    tell({ trial: trial({ id: 'two', warmupMs: 100, measureMs: 400 }) });
    await next();
    await next();
    const second = (await next()) as { result: TrialResult };
    expect(second.result.schedule.hash).toBe(result.schedule.hash);
    expect(second.result.totals).toMatchObject({ turns: 50, meter: { turns: 50 } });

    child.stdin.end();
    expect(await exited).toBe(0);
  });

  test('answers what it cannot read and goes on; a trace that is not there fails the trial', async () => {
    const { next, tell, child, exited } = start('--pacing', 'spin');
    await next();
    tell({ trial: { ...trial({}), id: 'bad', seed: 'x' } });
    expect(await next()).toEqual({ failed: { id: 'bad', message: expect.stringContaining('seed: expected a whole number') } });
    const path = join(folder, 'none.csv');
    tell({ trial: trial({ id: 'replay', load: { kind: 'replay', path, format: 'azure', speedup: 1, limit: 1, outputTokensMax: 1 } }) });
    expect(await next()).toEqual({ failed: { id: 'replay', message: expect.stringContaining('none.csv cannot be read') } });
    tell({ trial: trial({ id: 'good', measureMs: 50, load: { kind: 'closed', users: 2, spreadMs: 0 } }) });
    await next();
    await next();
    const { result } = (await next()) as { result: TrialResult };
    expect(result.turns.completed).toBe(result.turns.offered);
    // Two users, connected before the trial.
    expect(result.totals.meter.connections).toBe(0);
    child.stdin.end();
    expect(await exited).toBe(0);
  });

  test.each(['SIGTERM', 'end of input'] as const)('%s in the middle of a trial cancels its turns and ends', async (how) => {
    const { child, next, tell, exited } = start();
    await next();
    const before = seen.keys.length;
    const cancelled = seen.cancelled;
    const arrivalsPath = join(folder, 'never');
    tell({ trial: trial({ id: 'long', measureMs: 60_000, arrivalsPath }, { model: 'silent' }) });
    expect(await next()).toMatchObject({ window: 'start' });
    while (seen.keys.length < before + 3) await new Promise((resolve) => setTimeout(resolve, 10));
    if (how === 'SIGTERM') child.kill('SIGTERM');
    else child.stdin.end();
    expect(await next()).toEqual({ failed: { id: 'long', message: 'stopped before its end' } });
    expect(await exited).toBe(0);
    while (seen.cancelled < cancelled + 3) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(existsSync(arrivalsPath)).toBe(false);
  });

  test('has a page of metrics where it is asked for, and ends with it', async () => {
    const { child, next, tell, exited } = start('--metrics-port', '0');
    const { ports } = (await next()) as { ready: 1; ports: { metrics: number } };
    tell({ trial: trial({ id: 'seen', measureMs: 50, load: { kind: 'closed', users: 2, spreadMs: 0 } }) });
    await next();
    await next();
    const { result } = (await next()) as { result: TrialResult };
    const page = await (await fetch(`http://127.0.0.1:${ports.metrics}/metrics`)).text();
    expect(page).toContain(`gatebench_generator_turns_ended_total{outcome="completed",role="measured"} ${result.turns.completed}\n`);
    child.stdin.end();
    expect(await exited).toBe(0);
  });

  test.each([
    ['--pacing', 'racing'],
    ['--pace', 'spin'],
    ['--metrics-port', '65536'],
    ['--metrics-port', 'free'],
  ])('bad usage ends it with status 2: %s %s', async (...args) => {
    const { next, exited } = start(...args);
    expect((await next()).problems).toEqual([expect.stringContaining(args[0]!)]);
    expect(await exited).toBe(2);
  });
});
