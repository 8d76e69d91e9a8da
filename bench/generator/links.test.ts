/**
 * Trials over emulated links, with all that a run has: mock LLM, links, their control, clients, and the ledger's join.
 *
 * A turn over a link takes the round trips that it must at least, since neither the link nor the mock LLM is ever
 * early. A busy machine makes turns longer, so from above only the shortest of a trial's turns is looked at, and trials
 * are repeated until those are undisturbed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve } from '../../transports/server.ts';
import type { ClientOptions, Meter, Server } from '../../transports/wire.ts';
import { Alarm } from '../driver/alarm.ts';
import { SPEC, WORKLOAD } from '../driver/testing/trials.ts';
import { Yielding } from '../driver/waiting.ts';
import { TokenColumns } from '../ledger/columns.ts';
import { joinLedger, linkDelaysNs } from '../ledger/join.ts';
import type { ArrivalRow, LedgerRow } from '../ledger/rows.ts';
import { LinkControl, linksConfig, linkUses } from '../link/control.ts';
import { type LinkService, startService } from '../link/service.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import type { LinkUse, TrialSpec, Workload } from '../trial.ts';
import { Upstream } from '../upstream/handler.ts';
import { loadText, type TextRing } from '../upstream/text.ts';
import { runTrial } from './trial.ts';

const ROUND_TRIP_MS = 20;
/** Half a round trip: less than anything that could be counted once too often. */
const SLACK_MS = ROUND_TRIP_MS / 2;
const TRIALS_MAX = 12;
const TIMEOUT_MS = 60_000;

const [TTFT_MS, TPOT_MS, TOKENS] = [5, 1, 5];
/** From the request's arrival to the last token. */
const MOCK_MS = TTFT_MS + (TOKENS - 1) * TPOT_MS;
const TURNS: Workload = {
  ...WORKLOAD,
  model: `fixed@ttftMs=${TTFT_MS},tpotMs=${TPOT_MS}`,
  outputTokens: { kind: 'fixed', value: TOKENS },
};
const CLOSED = { kind: 'closed', users: 4, spreadMs: 20 } as const;
const KEPT_SSE = { transport: 'sse', envelope: 'chat', connection: 'kept' } as const;

const folder = mkdtempSync(join(tmpdir(), 'gatebench-links-'));
let alarm: Alarm;
let text: TextRing;
let upstream: Upstream;
let server: Server;
let service: LinkService;
let control: LinkControl;
let links: LinkUse[];
beforeAll(async () => {
  [alarm, text] = await Promise.all([Alarm.open(), loadText()]);
  upstream = new Upstream({ text, pacing: 'hybrid' });
  server = await serve({ host: '127.0.0.1', port: 0, handler: upstream.handler });
  const parsed = linksConfig([0, ROUND_TRIP_MS]);
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  service = await startService(parsed.value, 'yielding');
  links = linkUses(parsed.value, service);
  control = new LinkControl(service.ports.admin);
  for (const { name } of links) await control.setTarget(name, { host: '127.0.0.1', port: server.port });
});
afterAll(async () => {
  await service.close();
  await server.close(0);
  upstream.stop();
  await alarm.close();
  rmSync(folder, { recursive: true });
});

async function run(client: Pick<ClientOptions, 'leg' | 'keep'>, rest: Partial<TrialSpec> = {}) {
  upstream.ledger.clear();
  await control.clear();
  const arrivalsPath = join(folder, 'arrivals');
  const spec: TrialSpec = {
    ...SPEC,
    // Nobody listens there: what reaches the mock LLM came over the links.
    client: { ...client, host: '127.0.0.1', port: 9 },
    workload: TURNS,
    load: CLOSED,
    warmupMs: 100,
    measureMs: 600,
    arrivalsPath,
    links,
    ...rest,
  };
  const end = await runTrial(spec, {
    waiting: new Yielding(alarm),
    inputText: (seed, tokens) => text.inputText(seed, tokens),
    onWindow() {},
    signal: new AbortController().signal,
  });
  if (!end.ok) throw new Error(end.message);
  const ledgerPath = join(folder, 'ledger');
  upstream.ledger.save(ledgerPath);
  const arrivals = TokenColumns.load<ArrivalRow>(arrivalsPath);
  return { result: end.result, arrivals, ledger: TokenColumns.load<LedgerRow>(ledgerPath), stats: await control.stats() };
}

/** Repeats a trial, which says how much longer than they must its shortest times were, until they are undisturbed. */
async function expectShortest(trial: () => Promise<number[]>): Promise<void> {
  let excessMs: number[] = [];
  for (let trials = 0; trials < TRIALS_MAX; trials += 1) {
    excessMs = await trial();
    expect(Math.min(...excessMs)).toBeGreaterThanOrEqual(0);
    if (Math.max(...excessMs) < SLACK_MS) return;
  }
  expect(Math.max(...excessMs)).toBeLessThan(SLACK_MS);
}

/** What the measured turns over a link took that completed, in nanoseconds; of the session's n-th turns only. */
function turnsNs(arrivals: TokenColumns<ArrivalRow>, link: number, nth?: number): number[] {
  return arrivals.rows
    .filter((row) => row.link === link && row.measured && row.outcome === 'completed')
    .filter(({ key }) => nth === undefined || key.endsWith(`.${nth}`))
    .map((row) => arrivals.timesNsOf(row).at(-1)! - row.intendedNs);
}

function excessOf(turns: readonly number[], roundTrips: number): number {
  return Math.min(...turns) / 1e6 - MOCK_MS - roundTrips * ROUND_TRIP_MS;
}

describe.each([
  { leg: { transport: 'http', envelope: 'chat', connection: 'kept' }, roundTrips: 1 },
  { leg: KEPT_SSE, roundTrips: 1 },
  { leg: { transport: 'sse', envelope: 'chat', connection: 'per-turn' }, roundTrips: 2 },
  { leg: { transport: 'websocket', envelope: 'responses', connection: 'kept' }, roundTrips: 1 },
  { leg: { transport: 'websocket', envelope: 'compact', connection: 'multiplexed' }, roundTrips: 1 },
] as const)('$leg.transport/$leg.envelope/$leg.connection', ({ leg, roundTrips }) => {
  test(`a turn takes ${roundTrips} of its link’s round trips`, { timeout: TIMEOUT_MS }, () =>
    expectShortest(async () => {
      const { result, arrivals, ledger, stats } = await run({ leg, keep: 'pool' });
      expect(result.turns.completed).toBe(result.turns.offered);
      const turns = links.map((_, link) => turnsNs(arrivals, link));

      // Each link's figures are those of its turns, and their sum is the trial's.
      expect(result.links!.map(({ name }) => name)).toEqual(['rtt0', 'rtt20']);
      for (const [link, { turns: counts, histograms, totals }] of result.links!.entries()) {
        expect(counts).toMatchObject({ offered: turns[link]!.length, completed: turns[link]!.length });
        const histogram = new LatencyHistogram();
        for (const turnNs of turns[link]!) histogram.recordNs(turnNs);
        expect(histograms.turn).toBe(histogram.encode());
        const ofTrial = arrivals.rows.filter((row) => row.link === link).length;
        expect(totals).toMatchObject({ turns: ofTrial, outputTokens: ofTrial * TOKENS, meter: { turns: ofTrial } });
        expect(totals.meter.connections).toBe(leg.connection === 'per-turn' ? ofTrial : 0);
        // What the link carried is what the client counted, but for handshakes before the trial.
        expect(stats.links[link]!.toClient.bytes).toBeGreaterThanOrEqual(totals.meter.wireReadBytes);
      }
      expect(result.totals).toMatchObject({ turns: arrivals.rows.length, outputTokens: arrivals.rows.length * TOKENS });
      const { meter } = result.totals;
      for (const name of Object.keys(meter) as (keyof Meter)[]) {
        expect(meter[name]).toBe(result.links!.reduce((sum, { totals }) => sum + totals.meter[name], 0));
      }

      // The join takes off each turn its own link, and nothing was read before it could be there.
      const joined = joinLedger(ledger, arrivals, linkDelaysNs(links));
      expect(joined.counts).toMatchObject({ tokensLost: 0, extraUnits: 0, turnsWithoutLedger: 0, callsWithoutTurn: 0, negativeStamps: 0 });
      expect(joined.links.map(({ completionLag }) => completionLag.count)).toEqual(turns.map(({ length }) => length));
      expect(joined.gatewayAdded.count).toBe(turns.flat().length * TOKENS);
      const linkOf = new Map(arrivals.rows.map(({ key, link }) => [key, link]));
      const lagsMs = (link: number) =>
        joined.turns.filter(({ key }) => linkOf.get(key) === link).map(({ completionLagNs }) => completionLagNs! / 1e6);

      return [
        excessOf(turns[0]!, 0),
        excessOf(turns[1]!, roundTrips),
        // No gateway stands between, so that nothing is left of the lags.
        Math.min(...lagsMs(0)),
        Math.min(...lagsMs(1)),
      ];
    }),
  );
});

test('a session’s own connection costs its first turn the handshake, and the later ones none', { timeout: TIMEOUT_MS }, () =>
  expectShortest(async () => {
    const { arrivals } = await run(
      { leg: KEPT_SSE, keep: 'session' },
      {
        workload: { ...TURNS, turnsPerSession: 3 },
        load: { kind: 'open', sessionsPerSecond: 40, arrivals: { process: 'constant' } },
      },
    );
    const excess = (link: number, nth: number, roundTrips: number) => excessOf(turnsNs(arrivals, link, nth), roundTrips);
    return [excess(0, 0, 0), excess(0, 2, 0), excess(1, 0, 2), excess(1, 1, 1), excess(1, 2, 1)];
  }),
);

test('a second load goes over the links too, by clients of its own', async () => {
  const { result, stats } = await run(
    { leg: KEPT_SSE, keep: 'pool' },
    { measureMs: 200, beside: { workload: TURNS, load: { ...CLOSED, users: 6 } } },
  );
  expect(result.beside!.turns.completed).toBe(result.beside!.turns.offered);
  // Two users and three of the other load over each link, connected before the trial.
  expect(stats.links.map(({ connections }) => connections.accepted)).toEqual([5, 5]);
  expect(result.links!.reduce((sum, { turns }) => sum + turns.completed, 0)).toBe(result.turns.completed);
});
