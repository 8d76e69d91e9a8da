/** Turns that the generator has traced, over real wires: the flag arrives with each of them, and their own spans are written. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OtlpSpan } from '../../dashboards/live/otlp-json.ts';
import type { Handler } from '../../transports/contract.ts';
import { serve } from '../../transports/server.ts';
import { readTraceparent } from '../../transports/traceparent.ts';
import type { ClientOptions, Server } from '../../transports/wire.ts';
import { SPEC } from '../driver/testing/trials.ts';
import { readMarker } from '../ledger/rows.ts';
import { isTraced, turnContext } from '../telemetry/turn-ids.ts';
import type { TrialSpec } from '../trial.ts';
import { parseTrialSpec } from './parse.ts';
import { resultOf, specOver } from './testing/run.ts';

const seen: { key: string; traceparent: string | undefined }[] = [];
const handler: Handler = (turn, sink) => {
  seen.push({ key: readMarker(turn.input.at(-1)!.content)!.key, traceparent: turn.traceparent });
  sink.push({ type: 'text', text: 'word' }, 0);
  sink.push({ type: 'end', outcome: { kind: 'completed', finish: 'stop' } }, 0);
  return { resume() {}, cancel() {} };
};
let server: Server;
let folder: string;
beforeAll(async () => {
  server = await serve({ host: '127.0.0.1', port: 0, handler });
  folder = mkdtempSync(join(tmpdir(), 'gatebench-traced-'));
});
afterAll(async () => {
  await server.close(0);
  rmSync(folder, { recursive: true });
});

async function run(leg: ClientOptions['leg'], telemetry: NonNullable<TrialSpec['telemetry']> | undefined) {
  seen.length = 0;
  const spec = specOver(leg, server.port, telemetry ? { telemetry } : {});
  expect(parseTrialSpec(JSON.parse(JSON.stringify(spec)))).toEqual({ ok: true, spec });
  return resultOf(spec);
}

describe.each([
  { transport: 'http', envelope: 'chat', connection: 'kept' },
  { transport: 'sse', envelope: 'responses', connection: 'per-turn' },
  { transport: 'sse-h2', envelope: 'chat', connection: 'multiplexed' },
  { transport: 'websocket', envelope: 'chat', connection: 'kept' },
  { transport: 'websocket', envelope: 'responses', connection: 'multiplexed' },
  { transport: 'websocket', envelope: 'compact', connection: 'multiplexed' },
  { transport: 'websocket', envelope: 'binary', connection: 'kept' },
] as const)('over $transport/$envelope/$connection', (leg) => {
  test('the turns that are traced say so, and no others', async () => {
    const tracesPath = join(folder, `${leg.transport}-${leg.envelope}.jsonl`);
    const tracing = { traceRatio: 0.5, run: 'r1', tracesPath };
    const { traces } = await run(leg, tracing);
    expect(seen.length).toBe(20);
    const traced = seen.filter(({ key }) => isTraced(key, tracing));
    expect(traced.length).toBeGreaterThan(0);
    expect(traced.length).toBeLessThan(20);
    for (const { key, traceparent } of seen) {
      expect(readTraceparent(traceparent)).toEqual(isTraced(key, tracing) ? turnContext(key, tracing) : undefined);
    }
    expect(traces).toEqual({ sampled: traced.length, lost: 0 });
    const spans = readFileSync(tracesPath, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).resourceSpans[0].scopeSpans[0].spans[0] as OtlpSpan);
    const ids = (list: readonly { traceId: string; spanId: string }[]) => list.map(({ traceId, spanId }) => `${traceId} ${spanId}`).sort();
    expect(ids(spans)).toEqual(ids(traced.map(({ key }) => turnContext(key, tracing))));
  });
});

test('without telemetry no turn carries anything of it', async () => {
  const result = await run({ transport: 'sse', envelope: 'chat', connection: 'kept' }, undefined);
  expect(seen.map(({ traceparent }) => traceparent)).toEqual(Array.from({ length: 20 }, () => undefined));
  expect(result).not.toHaveProperty('traces');
});

test.each([
  [{ traceRatio: 2, run: 'a' }, 'telemetry.traceRatio'],
  [{ traceRatio: 0.1 }, 'telemetry.run'],
  [{ traceRatio: 0.1, run: 'a b' }, 'telemetry.run'],
  [{ traceRatio: 0.1, run: 'a', more: 1 }, 'telemetry.more'],
])('a plan with the telemetry %j is refused: %s', (telemetry, path) => {
  const parsed = parseTrialSpec({ ...SPEC, telemetry });
  expect(parsed.ok ? [] : parsed.problems.map((problem) => problem.split(':')[0])).toEqual([path]);
});
