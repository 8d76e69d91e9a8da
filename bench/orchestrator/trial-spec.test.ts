import { describe, expect, it } from 'vitest';
import { SCENARIOS } from '../../scenarios/index.ts';
import { latency } from '../../scenarios/latency.ts';
import { arm } from '../arms.ts';
import { parseTrialSpec } from '../generator/parse.ts';
import type { Scenario } from '../scenario.ts';
import type { Load, TrialSpec } from '../trial.ts';
import { parseModel } from '../upstream/model.ts';
import { extentOf, trialSpec, usersOver, warmUpSpec } from './trial-spec.ts';

const WEBSOCKET = 'websocket/responses/kept>sse/chat/kept/full/thread';
const OPEN: Load = { kind: 'open', sessionsPerSecond: 10, arrivals: { process: 'poisson' } };
const BESIDE: Scenario = { ...latency, beside: { turnMs: 400, outputTokens: 8 } };

function surroundings(scenario: Scenario, id: string) {
  return { scenario, arm: arm(id), launch: 0, seed: 42, port: 1_234, certificate: undefined, token: 'the-token', run: 'the-run' };
}

function specOf(scenario: Scenario, id: string, load: Load = OPEN): TrialSpec {
  return trialSpec({ ...surroundings(scenario, id), trial: 0, load, extent: scenario.quick });
}

describe('a trial', () => {
  it('of every scenario and arm is one that generators take, of models that the mock LLM knows', () => {
    for (const scenario of Object.values(SCENARIOS)) {
      for (const id of [...scenario.arms, ...(scenario.fullArms ?? [])]) {
        const specs = [specOf(scenario, id), warmUpSpec(surroundings(scenario, id))];
        for (const spec of specs) {
          expect(parseTrialSpec(JSON.parse(JSON.stringify(spec))), id).toMatchObject({ ok: true });
          const models = [spec.workload.model, ...(spec.beside ? [spec.beside.workload.model] : [])];
          for (const model of models) expect(parseModel(model), model).toHaveProperty('model');
        }
      }
    }
  });

  it('brings a token where there is authentication, and a session where each message is signed', () => {
    expect(specOf(latency, WEBSOCKET).client).not.toHaveProperty('headers');
    const bearer = specOf(latency, `${WEBSOCKET}@auth=bearer`).client;
    expect(bearer.headers).toEqual({ authorization: 'Bearer the-token' });
    expect(bearer).not.toHaveProperty('session');
    const message = specOf(latency, `${WEBSOCKET}@auth=message`).client;
    expect(message).toMatchObject({ headers: bearer.headers, session: {} });
  });

  it('waits for processes before it measures, where agents have some', () => {
    const extent = { ...latency.quick, warmupMs: 500 };
    expect(extentOf(extent, arm(WEBSOCKET))).toBe(extent);
    expect(extentOf(extent, arm(WEBSOCKET.replace('thread', 'process')))).toEqual({ ...extent, warmupMs: 2_500 });
  });

  it('keeps a series only where the load changes', () => {
    expect(specOf(latency, WEBSOCKET).seriesBinMs).toBe(0);
    const overload = { kind: 'overload', usersAtPeak: 8, easy: 0.5, heavy: 2, before: 0.2, during: 0.2 } as const;
    expect(specOf({ ...latency, plan: overload }, WEBSOCKET).seriesBinMs).toBe(100);
  });
});

describe('the load beside', () => {
  it.each([
    [0, 'fixed@ttftMs=400,tpotMs=0,jitter=off,stalls=off'],
    [25, 'fixed@ttftMs=150,tpotMs=0,jitter=off,stalls=off,tool=compute,toolMs=100,toolBlockMs=100,tools=1,toolRounds=1'],
    [75, 'fixed@ttftMs=50,tpotMs=0,jitter=off,stalls=off,tool=compute,toolMs=300,toolBlockMs=300,tools=1,toolRounds=1'],
  ])('of %i %% work takes as long as any other where nothing is in its way', (besideCpu, model) => {
    const { beside } = specOf(BESIDE, `${WEBSOCKET}@besideCpu=${besideCpu},besideUsers=3`);
    expect(beside).toMatchObject({
      workload: { model, agent: 'codex', outputTokens: { kind: 'fixed', value: 8 } },
      load: { kind: 'closed', users: 3, spreadMs: 400 },
    });
    const parsed = parseModel(model);
    if (!('model' in parsed)) throw new Error(parsed.problems.join('; '));
    const rounds = besideCpu > 0 ? parsed.model.toolRounds + 1 : 1;
    expect(parsed.model.ttft.medianMs * rounds + (400 * besideCpu) / 100).toBe(400);
  });

  it('is not there without users, nor while the gateway warms up', () => {
    expect(specOf(BESIDE, WEBSOCKET)).not.toHaveProperty('beside');
    expect(warmUpSpec(surroundings(BESIDE, `${WEBSOCKET}@besideUsers=3`))).not.toHaveProperty('beside');
  });
});

describe('links', () => {
  const links = [0, 20, 80].map((roundTripMs, index) => ({ name: `rtt${roundTripMs}`, port: 5_000 + index, roundTripMs }));
  const over = (load: Load) =>
    trialSpec({ ...surroundings(latency, `${WEBSOCKET}@rttMs=0+20+80`), trial: 0, load, extent: latency.quick, links });

  it('carry as many users each of a closed loop', () => {
    expect(over({ kind: 'closed', users: 200, spreadMs: 10 })).toMatchObject({ links, load: { users: 201 }, inFlightMax: 412 });
    expect(over({ kind: 'closed', users: 3, spreadMs: 10 }).load).toMatchObject({ users: 3 });
    expect(usersOver(1, 200)).toBe(200);
    const spec = over(OPEN);
    expect(spec.load).toEqual(OPEN);
    expect(parseTrialSpec(JSON.parse(JSON.stringify(spec)))).toMatchObject({ ok: true });
  });

  it('are not there for arms without, nor while the gateway warms up', () => {
    expect(specOf(latency, WEBSOCKET)).not.toHaveProperty('links');
    expect(warmUpSpec({ ...surroundings(latency, `${WEBSOCKET}@rttMs=20`), links: [links[1]!] })).not.toHaveProperty('links');
  });

  it('change nothing of what arms are offered', () => {
    const [straight, linked] = [specOf(latency, WEBSOCKET), over(OPEN)];
    expect([linked.id, linked.seed, linked.workload]).toEqual([straight.id, straight.seed, straight.workload]);
  });
});
