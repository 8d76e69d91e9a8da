import { describe, expect, it } from 'vitest';
import { contradictions } from '../../reports/consistency.ts';
import type { Claim } from '../../reports/report.ts';
import { validateReport } from '../../reports/schema.ts';
import { exampleReport } from '../../reports/testing/example.ts';
import { BEST_HTTP, HTTP_MODE } from '../../scenarios/ends.ts';
import { SCENARIOS } from '../../scenarios/index.ts';
import type { Arm } from '../arms.ts';
import type { BenchOptions } from '../command/options.ts';
import { roundTripsOf } from '../conditions.ts';
import type { ScenarioData } from '../orchestrator/arm-data.ts';
import type { Planned } from '../orchestrator/launch-context.ts';
import type { Observation, SearchAnswer } from '../orchestrator/observation.ts';
import { planRun } from '../orchestrator/plan.ts';
import { gatherAll, summarise } from '../orchestrator/summarise.ts';
import { observe, observeMix } from '../orchestrator/testing/observations.ts';
import { pathOf, replyOf } from './cells.ts';
import { judgeClaims } from './claims.ts';

const LAUNCHES = 6;

interface World {
  /** Round trips of a turn, and what it takes besides, ms. */
  turn(arm: Arm): { roundTrips: number; addedMs: number };
  /** Of the reply direction, a turn of ten tokens. */
  wireBytes(arm: Arm): number;
  cpuUsPerToken(arm: Arm): number;
  streams(arm: Arm): Pick<SearchAnswer, 'users' | 'atLeast'>;
}

const isHttpMode = (arm: Arm) => pathOf(arm) === HTTP_MODE;

/** What the instrument found when this was written, in round numbers. */
const WORLD: World = {
  turn: ({ client }) => (client.connection === 'per-turn' ? { roundTrips: 3, addedMs: 5 } : { roundTrips: 1, addedMs: 2 }),
  wireBytes: (arm) => (isHttpMode(arm) ? 2_000 : arm.client.transport === 'sse' ? 3_000 : 4_000),
  cpuUsPerToken: (arm) => (isHttpMode(arm) ? 100 : pathOf(arm) === BEST_HTTP ? 105 : 140),
  streams: (arm) => ({ users: isHttpMode(arm) ? 500 : 400, atLeast: false }),
};

function observed({ scenario, arms }: Planned, world: World): Observation[] {
  const modelMs = replyOf(scenario)!.ms;
  return arms.flatMap((arm) =>
    Array.from({ length: LAUNCHES }, (_, launch) => {
      // A little noise that both arms of a launch do not share, so that intervals have a width.
      const noise = 1 + 0.002 * Math.sin(launch * 7 + arm.id.length);
      const { roundTrips, addedMs } = world.turn(arm);
      const times = roundTripsOf(arm.conditions);
      const links = times.map((roundTripMs) => ({ roundTripMs, turnMs: (modelMs + roundTrips * roundTripMs + addedMs) * noise }));
      const cpu = world.cpuUsPerToken(arm) * noise;
      const observation = times.length > 1 ? observeMix(arm.id, launch, links, cpu) : observe(arm.id, launch, links[0]!.turnMs, cpu);
      return { ...withBytes(observation, Math.round(world.wireBytes(arm) * noise)), scenario: scenario.name };
    }),
  );
}

function withBytes(observation: Observation, wireReadBytes: number): Observation {
  const change = <T extends { totals: Observation['result']['totals'] }>(one: T): T => ({
    ...one,
    totals: { ...one.totals, meter: { ...one.totals.meter, wireReadBytes, readBytes: wireReadBytes } },
  });
  const { result } = observation;
  return { ...observation, result: { ...change(result), ...(result.links ? { links: result.links.map(change) } : {}) } };
}

function answered({ scenario, arms }: Planned, world: World): SearchAnswer[] {
  return arms.flatMap((arm) =>
    Array.from({ length: LAUNCHES }, (_, launch) => ({ scenario: scenario.name, arm: arm.id, launch, probes: [], ...world.streams(arm) })),
  );
}

function run(names: readonly string[], world: Partial<World> = {}, over: Partial<BenchOptions> = {}) {
  const options: BenchOptions = {
    scenarios: names,
    depth: 'quick',
    seed: 1,
    outDir: '',
    json: false,
    thresholds: [],
    progress: 'none',
    command: [],
    ...over,
  };
  const all = { ...WORLD, ...world };
  const gathered = gatherAll(
    planRun(
      names.map((name) => SCENARIOS[name]!),
      options,
      true,
    ).planned.map((planned): ScenarioData => {
      const search = planned.scenario.plan.kind === 'search';
      return {
        ...planned,
        observations: search ? [] : observed(planned, all),
        answers: search ? answered(planned, all) : [],
        notRun: [],
        parameters: {},
      };
    }),
  );
  const scenarios = summarise(gathered, 1);
  const claims = judgeClaims(gathered, scenarios, 1);
  return { scenarios, claims, by: new Map(claims.map((claim) => [claim.measure, claim])) };
}

const ALL = ['headline', 'ladder', 'concurrency'];
const reading = (claim: Claim, measure: string, condition: string) =>
  claim.readings.find((one) => one.measure === measure && one.condition === condition)!;
const HERE = 'TLS, 20 ms a token, 1 token a chunk';

describe('the claims of a run', () => {
  const { claims, scenarios, by } = run(ALL);
  const [turn, overhead, concurrency, cpu] = claims as [Claim, Claim, Claim, Claim];

  it('are those that were published, with the verdicts of their headlines', () => {
    expect(claims.map(({ measure, headline, verdict }) => [measure, headline.condition, verdict])).toEqual([
      ['turn', `round trip 20 ms, ${HERE}`, 'partly'],
      ['tokenOverhead', `round trip 20 ms, ${HERE}`, 'not-reproduced'],
      ['concurrency', 'no link, TLS, 20 ms a token, 1 token a chunk', 'reversed'],
      ['cpuShare', `round trips 0, 20 and 80 ms mixed, ${HERE}`, 'reversed'],
    ]);
    for (const { measure, headline, verdict, readings } of claims) {
      const deciding = readings.filter((one) => one.measure === measure && one.condition === headline.condition);
      expect(deciding.map((one) => one.verdict)).toEqual([verdict]);
    }
  });

  it('are read in every cell that the run has, each beside the best HTTP', () => {
    expect(turn.readings).toHaveLength(2 * 9);
    expect(overhead.readings).toHaveLength(2 * 9);
    expect(concurrency.readings).toHaveLength(1);
    expect(cpu.readings).toHaveLength(2 * 3);
    const near = reading(turn, 'turn', `round trip 20 ms, ${HERE}`);
    expect(near).toMatchObject({
      unit: 'ms',
      http: expect.closeTo(365, 0),
      websocket: expect.closeTo(322, 0),
      bestHttp: expect.closeTo(322, 0),
    });
    expect(near.improvement).toBeCloseTo(1 - 322 / 365, 2);
    expect(near.interval![0]).toBeLessThan(near.improvement!);
    expect(reading(cpu, 'cpuShare', `round trips 0, 20 and 80 ms mixed, ${HERE}`)).toMatchObject({ unit: 'fraction' });
    expect(reading(concurrency, 'concurrency', 'no link, TLS, 20 ms a token, 1 token a chunk')).toMatchObject({
      http: 500,
      websocket: 400,
      bestHttp: 400,
    });
  });

  it('are explained by what the readings and the ladder show', () => {
    expect(turn.explanation).toMatch(
      /^300 ms of HTTP mode’s 36\d ms are the model’s own, which no transport shortens\. On the ladder \(turn, 1 ms a token, round trip 20 ms\) it comes to \d\d\.\d % less: connection reuse carries \d\d\.\d % of that gain\. Against an HTTP that streams over kept connections nothing is left of it: /,
    );
    expect(overhead.explanation).toMatch(
      /^On the ladder \(bytesPerToken, 1 ms a token, round trip 20 ms\) it comes to \d+ % more: .* loss\. Against an HTTP that streams over kept connections nothing is left of it: /,
    );
    expect(cpu.explanation).toMatch(
      /^On the ladder \(cpuPerToken, 1 ms a token, round trips 0, 20 and 80 ms mixed\) it comes to .* more: .* Against an HTTP that streams over kept connections, WebSocket mode is behind: /,
    );
    expect(concurrency.explanation).toMatch(
      /^Against an HTTP that streams over kept connections nothing is left of it: WebSocket mode is 0 .*\. Under which other conditions it would hold is not modelled: how many streams a gateway carries is the speed of its machine\.$/,
    );
  });

  it('say where they would hold, as far as that can be modelled', () => {
    expect(turn.region!.model).toContain('3.00 round trips');
    expect(turn.region!.measured).toHaveLength(6);
    expect(turn.region!.errorMax).toBeLessThan(0.01);
    expect(overhead.region!.measured).toHaveLength(9);
    expect(cpu.region!.measured).toHaveLength(2);
    expect(concurrency).not.toHaveProperty('region');
  });

  it('make a report that is sound', () => {
    const report = { ...exampleReport(), scenarios, claims };
    const checked = validateReport(report);
    expect(checked.ok ? [] : checked.problems).toEqual([]);
    expect(contradictions(report)).toEqual([]);
    expect(by.size).toBe(4);
  });
});

describe('claims that a run knows less of', () => {
  it('are left out without a cell, and all where nothing is about them', () => {
    expect(run(['headline']).claims.map(({ measure }) => measure)).toEqual(['turn', 'tokenOverhead', 'cpuShare']);
    expect(run(['concurrency']).claims.map(({ measure }) => measure)).toEqual(['concurrency']);
    expect(run(['latency']).claims).toEqual([]);
    expect(run(['headline'], {}, { arms: [`${HTTP_MODE}@tls=true`] }).claims).toEqual([]);
  });

  it('have no verdict where the condition that decides was not measured', () => {
    const [turn, , cpu] = run(['headline'], {}, { roundTripsMs: [5] }).claims;
    for (const claim of [turn, cpu]) {
      expect(claim).toMatchObject({ verdict: 'inconclusive', explanation: 'The condition that decides it was not measured in this run.' });
      expect(claim!.readings.length).toBeGreaterThan(0);
    }
    expect(turn!.readings[0]!.condition).toBe('round trip 5 ms, TLS, 20 ms a token, 1 token a chunk');
  });

  it('are decided by one round-trip time alone as well', () => {
    expect(run(['headline'], {}, { roundTripsMs: [20] }).by.get('turn')).toMatchObject({ verdict: 'partly' });
  });

  it('have no ladder and no region without the scenarios that they are made from', () => {
    const { by } = run(['headline']);
    expect(by.get('turn')!.explanation).not.toContain('ladder');
    expect(by.get('turn')!.region!.measured).toHaveLength(3);
    expect(by.get('tokenOverhead')).not.toHaveProperty('region');
    expect(by.get('cpuShare')).not.toHaveProperty('region');
  });
});

describe('the claim on concurrency', () => {
  const streams =
    (http: Partial<SearchAnswer>, websocket: Partial<SearchAnswer>): World['streams'] =>
    (arm) => ({
      users: 500,
      atLeast: false,
      ...(isHttpMode(arm) ? http : websocket),
    });
  const claim = (http: Partial<SearchAnswer>, websocket: Partial<SearchAnswer>) =>
    run(['concurrency'], { streams: streams(http, websocket) }).claims[0]!;

  it('is reversed by an HTTP mode of which only a lower bound is known, if that is more than WebSocket mode has', () => {
    const { verdict, readings, explanation } = claim({ users: 800, atLeast: true }, { users: 400 });
    expect(verdict).toBe('reversed');
    expect(readings[0]).toMatchObject({ improvement: -0.5, interval: [-1, -0.5] });
    expect(explanation).toMatch(
      /^The instrument gave out before HTTP mode at 800 streams, where 50 streams were published for HTTP mode: those are lower bounds\./,
    );
  });

  it('is not decided by it if that is less', () => {
    const { verdict, explanation } = claim({ users: 200, atLeast: true }, { users: 400 });
    expect(verdict).toBe('inconclusive');
    expect(explanation).toContain('Not decided: only an upper bound is known.');
  });

  it('is reproduced by a WebSocket mode that carries at least as many times more as was claimed', () => {
    expect(claim({ users: 50 }, { users: 400, atLeast: true })).toMatchObject({ verdict: 'reproduced', readings: [{ interval: null }] });
    expect(claim({ users: 150 }, { users: 400, atLeast: true })).toMatchObject({ verdict: 'inconclusive' });
  });

  it('is not decided where the instrument gave out in both, or nothing held', () => {
    expect(claim({ atLeast: true }, { atLeast: true }).explanation).toContain(
      'Not decided: the baseline is only known to carry at least 500 streams.',
    );
    expect(claim({ users: null }, {})).toMatchObject({
      verdict: 'inconclusive',
      explanation: expect.stringContaining('Not decided: no launch has a value for both.'),
    });
  });
});

describe('a reading', () => {
  it('decides nothing with too few launches, or too few valid trials', () => {
    const few = run(['headline']);
    expect(few.claims[0]!.verdict).toBe('partly');
    const options: BenchOptions = {
      scenarios: [],
      depth: 'quick',
      seed: 1,
      outDir: '',
      json: false,
      thresholds: [],
      progress: 'none',
      command: [],
    };
    const [planned] = planRun([SCENARIOS.headline!], options, true).planned;
    const judge = (observations: Observation[]) => {
      const gathered = gatherAll([{ ...planned!, observations, answers: [], notRun: [], parameters: {} }]);
      return judgeClaims(gathered, summarise(gathered, 1), 1)[0]!;
    };
    const all = observed(planned!, WORLD);
    expect(judge(all.filter(({ launch }) => launch < 5))).toMatchObject({
      verdict: 'inconclusive',
      explanation: expect.stringContaining('Not decided: 5 launches; a verdict takes 6.'),
    });
    const late = all.map((one) => (one.launch < 3 && one.arm.startsWith('http') ? { ...one, reasons: ['late'] } : one));
    expect(judge(late)).toMatchObject({
      verdict: 'inconclusive',
      explanation: expect.stringContaining('3 of 12 trials were invalid and excluded'),
    });
    expect(judge([])).toMatchObject({
      verdict: 'inconclusive',
      readings: expect.arrayContaining([expect.objectContaining({ http: null, improvement: null })]),
    });
  });
});
