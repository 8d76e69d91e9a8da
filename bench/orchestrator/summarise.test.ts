import { describe, expect, it } from 'vitest';
import { validateReport } from '../../reports/schema.ts';
import { exampleReport } from '../../reports/testing/example.ts';
import { latency } from '../../scenarios/latency.ts';
import { arm } from '../arms.ts';
import type { Scenario } from '../scenario.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import type { ScenarioData } from './arm-data.ts';
import type { GatewayWindow } from './gateway-window.ts';
import type { Observation, OverloadFacts } from './observation.ts';
import { gatherAll, summarise } from './summarise.ts';
import { type BinRow, bins, observe } from './testing/observations.ts';

const A = 'sse/chat/kept>sse/chat/kept/full/inline';
const B = 'websocket/responses/kept>sse/chat/kept/full/inline';
function data(observations: Observation[], asked: Partial<Pick<Scenario, 'measures' | 'differences'>> = {}): ScenarioData {
  const scenario = { ...latency, pairs: [[A, B]] as const, measures: ['turn', 'cpuPerToken'], ...asked };
  return { scenario, arms: [arm(A), arm(B)], observations, answers: [], notRun: [], parameters: {} };
}

const summariseAll = (run: readonly ScenarioData[], seed: number) => summarise(gatherAll(run), seed);

const SIX = Array.from({ length: 6 }, (_, launch) => launch);
/** The machine drifts: both arms of a launch are slower or faster together. */
const drift = (launch: number) => 1 + launch * 0.2;

describe('summarise', () => {
  it('compares within launches, so that drift does not blur a ratio', () => {
    const observations = SIX.flatMap((launch) => [
      observe(A, launch, 100, 20 * drift(launch)),
      observe(B, launch, 50, 10 * drift(launch) * (1 + launch * 0.002)),
    ]);
    const [scenario] = summariseAll([data(observations)], 1);
    const [turn, cpu] = scenario!.comparisons;
    expect(turn).toMatchObject({ measure: 'turn', verdict: 'better', launches: 6 });
    expect(turn!.ratio).toBeCloseTo(0.5, 2);
    expect(cpu).toMatchObject({ measure: 'cpuPerToken', verdict: 'better' });
    expect(cpu!.ratio).toBeCloseTo(0.5025, 3);
    expect(cpu!.interval![1] - cpu!.interval![0]).toBeLessThan(0.01);
    const [a] = scenario!.arms;
    expect(a!.turns).toMatchObject({ offered: 1_200, completed: 1_194, failed: 6 });
    expect(a!.codes).toEqual({ upstream_error: 6 });
    expect(a!.metrics.tokenOverhead).toMatchObject({ estimate: 0.95, interval: [0.95, 0.95] });
    expect(a!.metrics.cpuPerToken!.interval).not.toBeNull();
    // 200 samples a launch are too few for p99, 1,200 together are not: a pooled value, and no interval.
    expect(a!.metrics.turn!.quantiles!.p99).toBeCloseTo(100, 0);
    expect(a!.metrics.turn!.quantileIntervals!.p99).toBeNull();
    expect(a!.metrics.turn!.quantiles!['p99.9']).toBeNull();
    expect(a!.layers).toMatchObject({ unit: 'B/token', content: 5, envelope: 70, framing: 20, headers: 5, tls: 0 });
  });

  it('leaves invalid trials out of every number but counts their turns, and says why', () => {
    const late = { reasons: ['generator lateness p99 9 ms is above 2 ms'] };
    const observations = SIX.flatMap((launch) => [observe(A, launch, 100, 20), observe(B, launch, 50, 10, launch < 3 ? late : {})]);
    const [scenario] = summariseAll([data(observations)], 1);
    const b = scenario!.arms[1]!;
    expect(b).toMatchObject({ launches: 3, validity: { ok: false, excluded: 3, trials: 6 } });
    expect(b.turns.offered).toBe(1_200);
    expect(scenario!.comparisons[0]).toMatchObject({ verdict: 'inconclusive' });
    expect(scenario!.comparisons[0]!.reason).toContain('invalid');
  });

  it('gives no ratio where a search only found a lower bound', () => {
    const search: ScenarioData = {
      ...data([]),
      scenario: {
        ...data([]).scenario,
        measures: ['concurrency'],
        plan: { kind: 'search', usersMin: 1, usersMax: 10, usersStart: 1, stepRatio: 2, completionLagP99MsMax: 1, gatewayAddedP99MsMax: 1 },
      },
      answers: SIX.flatMap((launch) => [
        { scenario: 'latency', arm: A, launch, users: 400, atLeast: true, probes: [] },
        { scenario: 'latency', arm: B, launch, users: 200, atLeast: false, probes: [] },
      ]),
    };
    const [scenario] = summariseAll([search], 1);
    expect(scenario!.arms[0]!.metrics.concurrency).toMatchObject({ estimate: 400, bound: 'atLeast' });
    expect(scenario!.comparisons[0]).toMatchObject({ ratio: null, verdict: 'inconclusive' });
  });

  it('says how much a candidate adds, by differences within launches', () => {
    // Differences of 4, 5 and 6 twice: mean 5, standard deviation √0.8, and t(5) = 2.5706 at 97.5 %.
    const added = [4, 5, 6, 4, 5, 6];
    const observations = SIX.flatMap((launch) => [
      observe(A, launch, 100, 20 * drift(launch)),
      observe(B, launch, 100, 20 * drift(launch) + added[launch]!),
    ]);
    const [scenario] = summariseAll([data(observations, { differences: ['cpuPerToken'] })], 1);
    const [turn, cpu] = scenario!.comparisons;
    expect(turn!.difference).toBeUndefined();
    expect(cpu!.difference!.unit).toBe('us/token');
    expect(cpu!.difference!.estimate).toBeCloseTo(5, 6);
    const half = (2.5706 * Math.sqrt(0.8)) / Math.sqrt(6);
    expect(cpu!.difference!.interval![0]).toBeCloseTo(5 - half, 3);
    expect(cpu!.difference!.interval![1]).toBeCloseTo(5 + half, 3);
  });

  it('gives a ratio without an interval where only all launches together hold a quantile', () => {
    const observations = SIX.flatMap((launch) => [observe(A, launch, 100, 20), observe(B, launch, 150, 20)]);
    const [scenario] = summariseAll([data(observations, { measures: ['turn.p99', 'turn.p99.9'] })], 1);
    const [p99, p999] = scenario!.comparisons;
    expect(p99).toMatchObject({
      interval: null,
      verdict: 'inconclusive',
      reason: 'pooled over launches, since none holds enough turns for p99',
    });
    expect(p99!.ratio).toBeCloseTo(1.5, 2);
    expect(p999).toMatchObject({ ratio: null, verdict: 'inconclusive', reason: 'no launch has a value for both' });
  });

  it('takes of what the gateway says of itself the worst trial of a launch, and compares it', () => {
    const window = (p50: number, p99: number): GatewayWindow => ({
      loopDelayMs: { p50, p90: p99, p99, max: p99 * 2 },
      loopUtilisation: 0.25,
      dispatchMs: null,
      queueWaitMs: { p50: 0, p99: 0.5 },
    });
    const observations = SIX.flatMap((launch) => [
      observe(A, launch, 100, 20, { window: window(0, 1) }),
      observe(A, launch, 100, 20, { window: window(0, 2) }),
      observe(B, launch, 100, 20, { window: window(0.5, 200) }),
    ]);
    const [scenario] = summariseAll([data(observations, { measures: ['loopDelay.p99', 'elu', 'dispatch'] })], 1);
    const [a] = scenario!.arms;
    expect(a!.metrics.loopDelay).toMatchObject({ unit: 'ms', estimate: 0.001, quantiles: { p50: 0.001, p90: 2, p99: 2 } });
    expect(a!.metrics.loopDelay!.quantileIntervals!.p99).toEqual([2, 2]);
    expect(a!.metrics.queueWait!.quantiles).toEqual({ p50: 0.001, p99: 0.5 });
    expect(a!.metrics.elu).toMatchObject({ unit: 'fraction', estimate: 0.25 });
    expect(a!.metrics).not.toHaveProperty('dispatch');
    expect(a!.details).toMatchObject({ loopDelayMsMax: 4 });
    const [delay, elu, dispatch] = scenario!.comparisons;
    expect(delay!.ratio).toBeCloseTo(100, 6);
    expect(delay).toMatchObject({ verdict: 'worse' });
    expect(elu).toMatchObject({ ratio: 1, verdict: 'same' });
    expect(dispatch).toMatchObject({ ratio: null, verdict: 'inconclusive' });
  });

  it('knows of a gateway that did not recover only a lower bound', () => {
    const overload = (recoveryMs: number, recovered: boolean): OverloadFacts => ({
      peakPerSecond: 80,
      goodputShare: 0.95,
      refusedShare: 0.5,
      admitted: new LatencyHistogram(),
      recoveryMs,
      recovered,
      normalMs: 30,
    });
    const observations = SIX.flatMap((launch) => [
      observe(A, launch, 100, 20, { overload: overload(300, true) }),
      observe(B, launch, 100, 20, { overload: overload(3_000, launch > 0) }),
    ]);
    const [scenario] = summariseAll([data(observations, { measures: ['recovery', 'goodputShare'] })], 1);
    const [a, b] = scenario!.arms;
    expect(a!.metrics.recovery).toEqual({ unit: 'ms', estimate: 300, interval: [300, 300], statistic: 'mean' });
    expect(b!.metrics.recovery).toMatchObject({
      estimate: 3_000,
      bound: 'atLeast',
      reason: 'in 1 of 6 launches the trial ended before it had recovered',
    });
    expect(scenario!.comparisons[0]).toMatchObject({ ratio: null, reason: 'of the candidate only a lower bound is known' });
    expect(scenario!.comparisons[1]).toMatchObject({ measure: 'goodputShare', ratio: 1, verdict: 'same' });
    expect(a!.metrics.peak).toMatchObject({ unit: '1/s', estimate: 80 });
    expect(a!.details).toMatchObject({ turnBeforeOverloadMsByTrial: [30, 30, 30, 30, 30, 30] });
  });

  it('compares turns beside only where both arms have some', () => {
    const besideOf = (launch: number, id: string) => {
      const observation = observe(id, launch, 100, 20);
      const { turns, codes, histograms } = observation.result;
      return { ...observation, result: { ...observation.result, beside: { turns, codes, histograms } } };
    };
    const [withOne, withTwo] = [`${A}@besideUsers=1`, `${A}@besideUsers=2`];
    const observations = SIX.flatMap((launch) => [observe(A, launch, 100, 20), besideOf(launch, withOne), besideOf(launch, withTwo)]);
    const { scenario, ...rest } = data(observations, { measures: ['turn', 'besideTurn'] });
    const pairs = [[A, withOne] as const, [withOne, withTwo] as const];
    const [summary] = summariseAll([{ ...rest, scenario: { ...scenario, pairs }, arms: [A, withOne, withTwo].map(arm) }], 1);
    expect(summary!.comparisons.map(({ candidate, measure, ratio }) => [candidate, measure, ratio])).toEqual([
      [withOne, 'turn', 1],
      [withTwo, 'turn', 1],
      [withTwo, 'besideTurn', 1],
    ]);
    expect(summary!.arms[0]!.metrics).not.toHaveProperty('besideTurn');
    expect(summary!.arms[1]!.metrics.besideTurn!.estimate).toBeCloseTo(100, 0);
  });

  it('lays the series of trials on top of each other', () => {
    const observation = observe(A, 0, 100, 20);
    const withSeries = (...rows: BinRow[]) => ({ ...observation, result: { ...observation.result, series: bins(...rows) } });
    const [scenario] = summariseAll(
      [
        data([
          withSeries(
            { due: 2, p50: 10 },
            { due: 8, refused: 4, p50: 30 },
            { due: 2, lost: 2, p50: null },
            { due: 0, p50: null, completions: 1 },
          ),
          withSeries({ due: 2, p50: 20 }, { due: 8, refused: 2, p50: 50 }, { due: 2, p50: 40 }),
          withSeries({ due: 2, p50: 30 }, { due: 8, refused: 3, p50: 40 }, { due: 2, p50: 20 }),
        ]),
      ],
      1,
    );
    expect(scenario!.arms[0]!.timeline).toEqual({
      binMs: 100,
      offeredPerSecond: [20, 80, 20],
      completedPerSecond: [20, 50, 13.33],
      refusedPerSecond: [0, 30, 0],
      turnMs: [20, 40, 20],
    });
    expect(scenario!.arms[1]!.timeline).toBeUndefined();
  });

  it('makes scenarios that the schema of reports accepts', () => {
    const observations = SIX.flatMap((launch) => [observe(A, launch, 100, 20), observe(B, launch, 50, 10)]);
    const [first] = observations;
    observations[0] = { ...first!, result: { ...first!.result, series: bins({ due: 1, p50: 1 }, { due: 1, p50: null }) } };
    const checked = validateReport({
      ...exampleReport(),
      claims: [],
      scenarios: summariseAll([data(observations, { differences: ['cpuPerToken'] })], 1),
    });
    expect(checked.ok ? [] : checked.problems).toEqual([]);
  });
});
