/** Trials over real wires: what of a workload reaches the target, through every envelope, and what comes back of both loads. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Handler, Turn } from '../../transports/contract.ts';
import { serve } from '../../transports/server.ts';
import type { ClientOptions, Server } from '../../transports/wire.ts';
import { WORKLOAD } from '../driver/testing/trials.ts';
import { isBesideKey, readMarker } from '../ledger/rows.ts';
import type { TrialResult, TrialSpec } from '../trial.ts';
import { resultOf, specOver } from './testing/run.ts';

const seen: { turn: Turn; key: string }[] = [];
/** Replies with a word to the measured turns, and refuses the others. */
const handler: Handler = (turn, sink) => {
  const key = readMarker(turn.input.at(-1)?.content ?? '')?.key ?? '';
  seen.push({ turn, key });
  if (isBesideKey(key)) {
    const outcome = { kind: 'refused', status: 429, code: 'queue_full', message: 'full', retryAfterS: 2 } as const;
    sink.push({ type: 'end', outcome }, 0);
  } else {
    sink.push({ type: 'text', text: 'word' }, 0);
    sink.push({ type: 'end', outcome: { kind: 'completed', finish: 'stop' }, usage: { inputTokens: 1, outputTokens: 1 } }, 0);
  }
  return { resume() {}, cancel() {} };
};
let server: Server;
beforeAll(async () => {
  server = await serve({ host: '127.0.0.1', port: 0, handler });
});
afterAll(() => server.close(0));

async function run(leg: ClientOptions['leg'], rest: Partial<TrialSpec>): Promise<TrialResult> {
  seen.length = 0;
  return resultOf(specOver(leg, server.port, rest));
}

describe.each([
  { transport: 'http', envelope: 'chat', connection: 'kept' },
  { transport: 'sse', envelope: 'chat', connection: 'kept' },
  { transport: 'sse', envelope: 'responses', connection: 'per-turn' },
  { transport: 'sse-h2', envelope: 'responses', connection: 'multiplexed' },
  { transport: 'websocket', envelope: 'responses', connection: 'kept' },
  { transport: 'sse', envelope: 'compact', connection: 'kept' },
  { transport: 'websocket', envelope: 'compact', connection: 'multiplexed' },
  { transport: 'websocket', envelope: 'binary', connection: 'kept' },
] as const)('over $transport/$envelope/$connection', (leg) => {
  test('agents and executions of both loads arrive, and each load has figures of its own', async () => {
    const result = await run(leg, {
      workload: { ...WORKLOAD, agent: 'codex', execution: 'thread' },
      load: { kind: 'open', sessionsPerSecond: 50, arrivals: { process: 'constant' } },
      beside: {
        workload: { ...WORKLOAD, agent: 'subagent', execution: 'inline' },
        load: { kind: 'open', sessionsPerSecond: 100, arrivals: { process: 'constant' } },
      },
      seriesBinMs: 100,
    });
    const wishes = (beside: boolean) => [
      ...new Set(seen.filter(({ key }) => isBesideKey(key) === beside).map(({ turn }) => `${turn.agent} ${turn.execution}`)),
    ];
    expect([wishes(false), wishes(true)]).toEqual([['codex thread'], ['subagent inline']]);
    expect(new Set(seen.map(({ key }) => key)).size).toBe(30);
    expect(new Set(seen.map(({ turn }) => turn.session)).size).toBe(30);
    expect(result.turns).toMatchObject({ offered: 10, completed: 10 });
    expect(result.codes).toEqual({});
    // Refused at once, and not tried again.
    expect(result.beside).toMatchObject({ turns: { offered: 20, refused: 20 }, codes: { queue_full: 20 } });
    expect(result.totals).toMatchObject({ turns: 10, outputTokens: 10, meter: { turns: 10, contentBytes: 40 } });
    expect(result.series.slice(0, 2)).toMatchObject([
      { atMs: 0, due: 5, completed: 5, refused: 0, lost: 0 },
      { atMs: 100, due: 5, completed: 5, refused: 0, lost: 0 },
    ]);
  });
});

test('a recording that either load cannot read fails the trial', async () => {
  const replay = (path: string) => ({ kind: 'replay', path, format: 'azure', speedup: 1, limit: 1, outputTokensMax: 1 }) as const;
  const leg = { transport: 'sse', envelope: 'chat', connection: 'kept' } as const;
  const failing = run(leg, { load: replay('/none/a.csv'), beside: { workload: WORKLOAD, load: replay('/none/b.csv') } });
  await expect(failing).rejects.toThrow(/a\.csv.*b\.csv/);
});
