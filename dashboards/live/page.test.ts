/** The live page's parts that need no browser: what it shows of which samples, and that it is one sound document. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { bundle } from './bundle.ts';
import { liveDocument } from './document.ts';
import { type LiveSample, type LiveSpan, type LiveTurn, noOutcomes } from './feed.ts';
import { chartsOf, stacked } from './page/charts.ts';
import { cores, duration, letterOf, quantity, words } from './page/format.ts';
import { Store, type View } from './page/store.ts';
import { longestOf, waterfallOf } from './page/waterfall.ts';

const VIEW: View = { seconds: 60, arm: null, quantile: 'p99' };

function sample(second: number, arm: string | null, p99 = 20): LiveSample {
  return {
    atMs: second * 1_000,
    spanMs: 1_000,
    trial: arm === null ? null : { scenario: 'latency', arm, launch: 1 },
    load: {
      ended: { ...noOutcomes(), completed: 10 },
      inFlight: 3,
      tokens: 100,
      turnMs: { p50: 10, p90: 15, p99, max: 30 },
      firstTokenMs: null,
      phasesMs: { queue: 2, agent: 1 },
    },
    gateway: null,
  };
}

function storeOf(samples: readonly LiveSample[]): Store {
  const store = new Store();
  for (const one of samples) store.apply({ type: 'sample', sample: one, turns: [] });
  return store;
}

describe('the document', () => {
  const { html, policy } = liveDocument();
  const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, script]) => script!);

  it('has all in itself, and a policy that names its two scripts', () => {
    expect(Buffer.byteLength(html)).toBeLessThan(150_000);
    expect(html).not.toMatch(/(src|href)="(?!data:)/);
    expect(scripts.length).toBe(2);
    for (const script of scripts) expect(policy).toContain(createHash('sha256').update(script).digest('base64'));
    expect(policy).toContain("default-src 'none'");
  });

  it('is plain JavaScript, in one scope where no name is taken twice', () => {
    const script = bundle(new URL('./page/main.ts', import.meta.url));
    expect(() => new Script(`(() => {'use strict';\n${script}\n})`)).not.toThrow();
    expect(script).not.toMatch(/^(import|export) /m);
    const names = [...script.matchAll(/^(?:async )?(?:function|class|const|let) (\w+)/gm)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(40);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it('uses only elements that its markup has', () => {
    const folder = new URL('./page/', import.meta.url);
    const asked = readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => [...readFileSync(new URL(name, folder), 'utf8').matchAll(/byId\('([^']+)'\)/g)].map(([, id]) => id!));
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((id) => !html.includes(`id="${id}"`))).toEqual([]);
  });
});

describe('the charts', () => {
  it('have three quantiles of a gateway by itself', () => {
    const store = storeOf([sample(1, null), sample(2, null)]);
    const latency = chartsOf(store.moments(60), VIEW, []).find(({ id }) => id === 'latency')!;
    expect(latency.lines.map(({ label, values }) => [label, values])).toEqual([
      ['p50', [10, 10]],
      ['p90', [15, 15]],
      ['p99', [20, 20]],
    ]);
  });

  it('have a line for each arm of a run, which pauses while another has its trial', () => {
    const store = storeOf([sample(1, 'a', 20), sample(2, 'b', 40), sample(3, 'a', 22)]);
    const find = (view: View) => chartsOf(store.moments(60), view, store.armNames).find(({ id }) => id === 'latency')!;
    expect(find(VIEW).lines.map(({ label, values }) => [label, values])).toEqual([
      ['A', [20, null, 22]],
      ['B', [null, 40, null]],
    ]);
    expect(find({ ...VIEW, arm: 'b' }).lines.map(({ label, values }) => [label, values])).toEqual([
      ['p50', [null, 10, null]],
      ['p90', [null, 15, null]],
      ['p99', [null, 40, null]],
    ]);
  });

  it('part lines where the feed was interrupted, and show no more than is asked', () => {
    const store = storeOf([sample(1, null), sample(2, null), sample(10, null), sample(11, null)]);
    expect(store.moments(60).map(({ atMs, sample: one }) => [atMs, one !== null])).toEqual([
      [1_000, true],
      [2_000, true],
      [3_000, false],
      [10_000, true],
      [11_000, true],
    ]);
    expect(store.moments(1).map(({ atMs }) => atMs)).toEqual([11_000]);
  });

  it('lay layers on each other', () => {
    const line = (values: (number | null)[]) => ({ label: '', color: '', dash: [], values });
    expect(stacked([line([1, null, 2]), line([3, null, null]), line([1, 1, 1])])).toEqual([
      [1, null, 2],
      [4, null, 2],
      [5, 1, 3],
    ]);
  });
});

describe('the waterfall', () => {
  const span = (name: string, startMs: number, durationMs: number, parent: number | null): LiveSpan => ({
    name,
    startMs,
    durationMs,
    parent,
    attributes: {},
  });
  const turn: LiveTurn = {
    key: 't',
    arm: null,
    atMs: 0,
    durationMs: 100,
    firstTokenMs: null,
    outcome: 'completed',
    code: null,
    spans: [
      span('turn', 0, 100, null),
      span('transit', 0, 5, 0),
      span('gateway', 10, 80, 0),
      span('queue', 10, 60, 2),
      span('agent', 75, 10, 2),
    ],
  };

  it('has each span under its parent, and says what none accounts for', () => {
    const { rows, totalMs, unaccountedMs } = waterfallOf(turn);
    expect(rows.map(({ span: { name }, depth, from, share }) => [name, depth, from, share])).toEqual([
      ['turn', 0, 0, 1],
      ['transit', 1, 0, 0.05],
      ['gateway', 1, 0.1, 0.8],
      ['queue', 2, 0.1, 0.6],
      ['agent', 2, 0.75, 0.1],
    ]);
    expect(totalMs).toBe(100);
    expect(unaccountedMs).toBe(15 + 10);
    expect(longestOf(turn)?.span.name).toBe('queue');
  });

  it('has nothing to say of a turn without parts', () => {
    expect(waterfallOf({ ...turn, spans: [span('turn', 0, 0, null)] })).toMatchObject({ totalMs: 0, unaccountedMs: null });
    expect(longestOf({ ...turn, spans: [] })).toBeUndefined();
  });
});

describe('the page', () => {
  it('writes numbers with three figures and a unit', () => {
    expect([0, 0.0124, 1, 12.345, 999.6, 61_000, 600_000].map(duration)).toEqual([
      '0 ms',
      '12 µs',
      '1 ms',
      '12.3 ms',
      '1 s',
      '61 s',
      '10 min',
    ]);
    expect([0, 1.234, 99.96, 9_999, 12_345, 2_500_000].map(quantity)).toEqual(['0', '1.23', '100', '9999', '12.3k', '2.5M']);
    expect(cores(0.5)).toBe('50 %');
    expect(words('upstreamFirstToken')).toBe('upstream first token');
    expect([0, 25, 26, 701].map(letterOf)).toEqual(['A', 'Z', 'AA', 'ZZ']);
  });

  it('begins anew with each hello, and knows arms of another process by other letters', () => {
    const store = storeOf([sample(1, 'a')]);
    const hello = { source: 'bench' as const, title: '', version: '', startedAtMs: 1, turns: [], arms: [] };
    store.apply({ type: 'hello', hello: { ...hello, samples: [sample(2, 'a')] } });
    expect([store.samples.length, store.armNames]).toEqual([1, ['a']]);
    store.apply({ type: 'hello', hello: { ...hello, startedAtMs: 2, samples: [sample(3, 'b')] } });
    expect([store.samples.length, store.armNames]).toEqual([1, ['b']]);
  });
});
