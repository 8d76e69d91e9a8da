import { describe, expect, it } from 'vitest';
import { contradictions } from '../../reports/consistency.ts';
import { validateReport } from '../../reports/schema.ts';
import { exampleReport } from '../../reports/testing/example.ts';
import { latency } from '../../scenarios/latency.ts';
import { arm, partsOf, withRoundTrips } from '../arms.ts';
import type { Scenario } from '../scenario.ts';
import { gather, type ScenarioData } from './arm-data.ts';
import { partOf } from './mix.ts';
import type { Observation } from './observation.ts';
import { gatherAll, summarise } from './summarise.ts';
import { observe, observeMix } from './testing/observations.ts';
import { observePaths, path } from './testing/paths.ts';

const A = 'sse/chat/kept>sse/chat/kept/full/inline';
const B = 'websocket/responses/kept>sse/chat/kept/full/inline';
const C = 'websocket/responses/kept>sse/chat/kept/full/thread';
const TIMES = [0, 20, 80];
const mixed = (id: string) => withRoundTrips(arm(id), TIMES);
const MIX = '0+20+80';
const SIX = [0, 1, 2, 3, 4, 5];

/** Turns of 100 ms and one round trip, divided by `faster`. */
function trial(id: string, launch: number, faster: number, cpuUs: number, over: Partial<Observation> = {}): Observation {
  const links = TIMES.map((roundTripMs) => ({ roundTripMs, turnMs: (100 + roundTripMs) / faster }));
  return observeMix(mixed(id).id, launch, links, cpuUs, { scenario: 'latency', ...over });
}

function data(observations: Observation[], asked: Partial<Scenario> = {}, ids: string[] = [A, B]): ScenarioData {
  const pairs = [[mixed(A).id, mixed(B).id]] as const;
  const scenario: Scenario = { ...latency, pairs, measures: ['turn', 'cpuPerToken'], ...asked };
  return { scenario, arms: ids.map(mixed), observations, answers: [], notRun: [], parameters: {} };
}

const both = SIX.flatMap((launch) => [trial(A, launch, 1, 20), trial(B, launch, 2, 10)]);

describe('a trial that mixes round-trip times', () => {
  it('is told apart into turns, codes, times and bytes of each, and nothing that sessions share', () => {
    const whole = trial(A, 3, 1, 20);
    const [, part] = partsOf(mixed(A));
    const told = partOf(whole, part!, 1);
    expect(told).toMatchObject({ arm: `${A}@rttMs=20`, launch: 3, cpu: undefined, window: undefined, reasons: [] });
    expect(told.result.turns).toMatchObject({ offered: 200, completed: 199, failed: 1 });
    expect(told.result.histograms).toEqual(whole.result.links![1]!.histograms);
    expect(told.result.totals.outputTokens).toBe(10);
    expect(told.ledger.completionLag).toBe(whole.ledger.links[1]!.completionLag);
    expect(told.ledger.counts).toBeUndefined();
    expect(told).not.toHaveProperty('links');
    expect(told.result).not.toHaveProperty('links');
  });

  it('has paths of its turns link by link, and the mix has none in the report', () => {
    const of = (key: string) => observePaths([path(key, { ms: { agent: 5 } })]).paths!;
    const whole = trial(A, 3, 1, 20, { paths: [...of('near'), ...of('middle'), ...of('far')] });
    const [, part] = partsOf(mixed(A));
    expect(partOf(whole, part!, 1).paths?.map(({ turns }) => turns.map(({ key }) => key))).toEqual([['middle']]);
    const [scenario] = summarise(gatherAll([data([whole], {}, [A])]), 1);
    const told = scenario!.arms.map(({ phases, slowest }) => [phases?.at(-1)?.turns, slowest?.map(({ key }) => key)]);
    expect(told).toEqual([
      [1, ['near']],
      [1, ['middle']],
      [1, ['far']],
      [undefined, undefined],
    ]);
  });

  it('is a defect where it was not told apart', () => {
    const whole = observe(mixed(A).id, 0, 100, 20);
    expect(() => partOf(whole, partsOf(mixed(A))[0]!, 0)).toThrow('was not told apart by its links');
  });

  it('becomes arms of one round-trip time each, in their order, and the mix after them', () => {
    const gathered = [...gather(data(both)).values()];
    expect(gathered.map(({ arm: { id }, role }) => [id, role])).toEqual([
      [A, 'part'],
      [B, 'part'],
      [`${A}@rttMs=20`, 'part'],
      [`${B}@rttMs=20`, 'part'],
      [`${A}@rttMs=80`, 'part'],
      [`${B}@rttMs=80`, 'part'],
      [`${A}@rttMs=${MIX}`, 'mix'],
      [`${B}@rttMs=${MIX}`, 'mix'],
    ]);
  });

  it('is reported with what each has of its own, once, and what they share with the mix', () => {
    const [scenario] = summarise(gatherAll([data(both)]), 1);
    const [straight, , near, , far, , mix] = scenario!.arms;
    expect([straight, near, far].map((one) => one!.metrics.turn!.estimate!.toFixed(0))).toEqual(['100', '120', '180']);
    expect(near!.conditions).toEqual({ rttMs: 20 });
    for (const name of ['cpuPerToken', 'cpuShare', 'generatorCpuPerToken']) expect(near!.metrics).not.toHaveProperty(name);
    expect(near!.metrics).toHaveProperty('bytesPerToken');
    expect(near!.details).not.toHaveProperty('ledger');
    expect(Object.keys(mix!.metrics).sort()).toEqual(['cpuPerToken', 'cpuPerTurn', 'cpuShare', 'generatorCpuPerToken']);
    expect(mix).toMatchObject({
      conditions: { rttMs: MIX },
      mixOf: [A, `${A}@rttMs=20`, `${A}@rttMs=80`],
      launches: 6,
      turns: { offered: 0 },
      codes: {},
      validity: { ok: true, trials: 6, excluded: 0 },
    });
    expect(mix!.metrics.cpuPerToken!.estimate).toBeCloseTo(20, 9);
    // 15 of a thousand deliveries in each of six trials were 0.9 ms late, the others 0.1 ms.
    expect(mix!.details!.links).toEqual({
      roundTripsMs: TIMES,
      deliveries: 6_000,
      latenessP50Ms: 0.1,
      latenessP99Ms: 0.9,
      latenessMaxMs: 0.9,
      connectionsRefused: 0,
    });
    expect(scenario!.arms.reduce((sum, { turns }) => sum + turns.offered, 0)).toBe(both.length * 600);
    expect(scenario!.arms.reduce((sum, { validity }) => sum + (validity.trials ?? 0), 0)).toBe(both.length);
  });

  it('is compared at each round-trip time, or as mixes', () => {
    const [scenario] = summarise(gatherAll([data(both)]), 1);
    expect(
      scenario!.comparisons.map(({ baseline, candidate, measure, condition, ratio }) => [baseline, candidate, measure, condition, ratio]),
    ).toEqual([
      [A, B, 'turn', 'round trip 0 ms', expect.closeTo(0.5, 2)],
      [`${A}@rttMs=20`, `${B}@rttMs=20`, 'turn', 'round trip 20 ms', expect.closeTo(0.5, 2)],
      [`${A}@rttMs=80`, `${B}@rttMs=80`, 'turn', 'round trip 80 ms', expect.closeTo(0.5, 2)],
      [`${A}@rttMs=${MIX}`, `${B}@rttMs=${MIX}`, 'cpuPerToken', 'round trips 0, 20 and 80 ms mixed', expect.closeTo(0.5, 9)],
    ]);
  });

  it('is compared with an arm of one of its round-trip times there, and no share of it is', () => {
    const pairs = [[mixed(A).id, `${B}@rttMs=20`]] as const;
    const near = SIX.map((launch) => observe(`${B}@rttMs=20`, launch, 60, 10));
    const one = { ...data([...both, ...near], { pairs }), arms: [mixed(A), arm(`${B}@rttMs=20`)] };
    const [scenario] = summarise(gatherAll([one]), 1);
    expect(scenario!.comparisons.map(({ baseline, candidate, measure }) => [baseline, candidate, measure])).toEqual([
      [`${A}@rttMs=20`, `${B}@rttMs=20`, 'turn'],
    ]);
  });

  it('says of parts whose trials were not valid whose trials they are', () => {
    const late = { reasons: ['emulated link lateness p99 9 ms is above 5 ms'] };
    const observations = SIX.flatMap((launch) => [trial(A, launch, 1, 20), trial(B, launch, 2, 10, launch < 3 ? late : {})]);
    const [scenario] = summarise(gatherAll([data(observations)]), 1);
    const part = scenario!.arms.find(({ id }) => id === `${B}@rttMs=20`)!;
    const mix = scenario!.arms.find(({ id }) => id === mixed(B).id)!;
    expect(mix.validity).toMatchObject({ ok: false, excluded: 3, trials: 6 });
    expect(part.validity).toEqual({
      ok: false,
      excluded: 0,
      reasons: [`too many trials of ${B}@rttMs=${MIX}, of which it is the part with round trip 20 ms, were not valid`],
    });
    expect(part.launches).toBe(3);
    expect(scenario!.comparisons[0]).toMatchObject({ verdict: 'inconclusive', reason: expect.stringContaining('invalid') });
  });

  it('makes a report that is sound', () => {
    const ladder = { measures: ['turn', 'cpuPerToken'], rungs: [{ factor: 'transport', from: mixed(A).id, to: mixed(B).id }] };
    const report = { ...exampleReport(), claims: [], scenarios: summarise(gatherAll([data(both, { ladder })]), 1) };
    const checked = validateReport(report);
    expect(checked.ok ? [] : checked.problems).toEqual([]);
    expect(contradictions(report)).toEqual([]);
  });
});

describe('a search over several round-trip times', () => {
  it('has one answer, of the mix', () => {
    const plan = {
      kind: 'search',
      usersMin: 1,
      usersMax: 10,
      usersStart: 1,
      stepRatio: 2,
      completionLagP99MsMax: 1,
      gatewayAddedP99MsMax: 1,
    } as const;
    const answers = SIX.flatMap((launch) =>
      [A, B].map((id) => ({ scenario: 'latency', arm: mixed(id).id, launch, users: id === A ? 300 : 150, atLeast: false, probes: [] })),
    );
    const [scenario] = summarise(gatherAll([{ ...data([], { plan, measures: ['concurrency'] }), answers }]), 1);
    expect(scenario!.arms.map(({ id }) => id)).toEqual([A, B].map((id) => mixed(id).id));
    expect(scenario!.comparisons).toMatchObject([{ measure: 'concurrency', ratio: 0.5, condition: 'round trips 0, 20 and 80 ms mixed' }]);
  });
});

describe('a ladder', () => {
  const rung = (factor: string, from: string, to: string, otherWay?: { from: string; to: string }) => ({
    factor,
    from: mixed(from).id,
    to: mixed(to).id,
    ...(otherWay ? { otherWay: { from: mixed(otherWay.from).id, to: mixed(otherWay.to).id } } : {}),
  });
  const D = 'sse/chat/kept>sse/chat/kept/full/thread';
  const measures = ['turn', 'cpuPerToken'];

  /** Launches differ by up to half; B is twice as fast as A, C 1.25 times as slow as B, D 1.6 times as slow as A. */
  const observations = SIX.flatMap((launch) => {
    const drift = 1 + launch * 0.1;
    return [
      trial(A, launch, 1 / drift, 20 * drift),
      trial(B, launch, 2 / drift, 10 * drift),
      trial(C, launch, 1.6 / drift, 15 * drift),
      trial(D, launch, 0.625 / drift, 40 * drift),
    ];
  });

  it('tells at each round-trip time what a factor alone makes of a measure, from a value to a value', () => {
    const ladder = { measures, rungs: [rung('transport', A, B), rung('threads', B, C)] };
    const [scenario] = summarise(gatherAll([data(observations, { ladder }, [A, B, C])]), 1);
    expect(scenario!.ladder!.map(({ step, factor, condition, measure }) => [step, factor, condition, measure])).toEqual([
      ...['transport', 'threads'].flatMap((factor, index) => TIMES.map((ms) => [index + 1, factor, `round trip ${ms} ms`, 'turn'])),
      ...['transport', 'threads'].map((factor, index) => [index + 1, factor, 'round trips 0, 20 and 80 ms mixed', 'cpuPerToken']),
    ]);
    const [first, near] = scenario!.ladder!;
    expect([first!.from, first!.to]).toEqual([A, B]);
    expect([near!.from, near!.to]).toEqual([`${A}@rttMs=20`, `${B}@rttMs=20`]);
    expect(first!.ratio).toBeCloseTo(0.5, 2);
    // Drift is in both arms of a launch and in no ratio.
    expect(first!.interval![1] - first!.interval![0]).toBeLessThan(0.01);
    expect(first!.before).toBe(scenario!.arms.find(({ id }) => id === A)!.metrics.turn!.estimate);
    const cpu = scenario!.ladder!.filter(({ measure }) => measure === 'cpuPerToken');
    expect(cpu.map(({ ratio }) => ratio!.toFixed(3))).toEqual(['0.500', '1.500']);
    expect(cpu[0]!.before).toBeCloseTo(24.5, 0);
    for (const { interaction } of scenario!.ladder!) expect(interaction).toBeUndefined();
  });

  it('compares what a factor is worth in the other order within launches', () => {
    const ladder = { measures, rungs: [rung('threads', B, C, { from: A, to: D })] };
    const [scenario] = summarise(gatherAll([data(observations, { ladder }, [A, B, C, D])]), 1);
    const [turn] = scenario!.ladder!;
    const cpu = scenario!.ladder!.at(-1)!;
    expect(turn!.ratio).toBeCloseTo(1.25, 2);
    expect(turn!.interaction!.ratio).toBeCloseTo(1.6 / 1.25, 2);
    expect(turn!.interaction!.interval![1] - turn!.interaction!.interval![0]).toBeLessThan(0.01);
    expect(cpu.interaction!.ratio).toBeCloseTo(2 / 1.5, 6);
  });

  it('leaves out rungs and other orders of which an arm was not run, and knows nothing of one without a valid launch', () => {
    const ladder = { measures: ['turn'], rungs: [rung('transport', A, B), rung('threads', B, C, { from: A, to: D })] };
    const late = (observation: Observation) => (observation.arm === mixed(C).id ? { ...observation, reasons: ['late'] } : observation);
    const [two] = summarise(gatherAll([data(observations, { ladder }, [A, B])]), 1);
    expect(two!.ladder!.map(({ factor }) => factor)).toEqual(['transport', 'transport', 'transport']);
    const [three] = summarise(gatherAll([data(observations.map(late), { ladder }, [A, B, C])]), 1);
    const threads = three!.ladder!.filter(({ factor }) => factor === 'threads');
    for (const one of threads) expect(one).toMatchObject({ ratio: null, interval: null });
    for (const one of threads) expect(one).not.toHaveProperty('interaction');
  });
});
