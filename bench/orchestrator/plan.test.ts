import { describe, expect, it } from 'vitest';
import { headline, ladder } from '../../scenarios/claims.ts';
import { concurrency } from '../../scenarios/concurrency.ts';
import { BEST_HTTP, HTTP_MODE, WEBSOCKET_MODE } from '../../scenarios/ends.ts';
import { latency } from '../../scenarios/latency.ts';
import type { BenchOptions } from '../command/options.ts';
import type { Scenario } from '../scenario.ts';
import { needsTls, parametersOf, planRun, reasonsOf, roundTripsOfRun } from './plan.ts';

function options(over: Partial<BenchOptions> = {}): BenchOptions {
  return { scenarios: [], depth: 'quick', seed: 1, outDir: '', json: false, thresholds: [], progress: 'none', command: [], ...over };
}

const plan = (scenario: Scenario, over: Partial<BenchOptions> = {}, tls = true) => {
  const { planned, notRun } = planRun([scenario], options(over), tls);
  return { ...planned[0]!, ids: planned[0]!.arms.map(({ id }) => id), notRun: notRun.get(scenario.name) ?? [] };
};
const mixed = (id: string) => `${id}@tls=true,rttMs=0+20+80`;

describe('a plan', () => {
  it('gives arms the round-trip times of their scenario, and what names them the ids that they have then', () => {
    const { ids, scenario, extent } = plan(headline);
    expect(ids).toEqual([HTTP_MODE, BEST_HTTP, WEBSOCKET_MODE].map(mixed));
    expect(scenario.pairs![0]).toEqual([HTTP_MODE, WEBSOCKET_MODE].map(mixed));
    expect(extent).toBe(headline.quick);
    const rungs = plan(ladder).scenario.ladder!.rungs;
    expect([rungs[1]!.to, rungs[4]!.to]).toEqual([BEST_HTTP, WEBSOCKET_MODE].map(mixed));
    expect(plan(concurrency).ids).toEqual([HTTP_MODE, BEST_HTTP, WEBSOCKET_MODE].map((id) => `${id}@tls=true`));
  });

  it('takes those of the command line instead, one or several or none', () => {
    expect(plan(headline, { roundTripsMs: [20] }).ids[0]).toBe(`${HTTP_MODE}@tls=true,rttMs=20`);
    expect(plan(headline, { roundTripsMs: [0] }).ids[0]).toBe(`${HTTP_MODE}@tls=true`);
    expect(plan(latency, { roundTripsMs: [80, 0] }).ids[0]).toBe(`${HTTP_MODE}@rttMs=0+80`);
    const linked: Scenario = { ...latency, arms: [HTTP_MODE, `${HTTP_MODE}@rttMs=5`] };
    expect(plan(linked, { roundTripsMs: [5] }).ids).toEqual([`${HTTP_MODE}@rttMs=5`]);
    expect(plan(linked, { roundTripsMs: [7] }).ids).toEqual([`${HTTP_MODE}@rttMs=7`, `${HTTP_MODE}@rttMs=5`]);
  });

  it('has all turns bring their phases where it is asked to, but for those of a search', () => {
    const phasesOf = (scenario: Scenario, over: Partial<BenchOptions> = {}) => plan(scenario, over).scenario.workload.phases;
    expect([phasesOf(headline), phasesOf(headline, { phases: true })]).toEqual([false, true]);
    expect([phasesOf(latency), phasesOf(concurrency, { phases: true })]).toEqual([true, false]);
  });

  it('measures all that there is in full, and says in quick what it leaves out', () => {
    const more: Scenario = { ...latency, fullArms: [`${HTTP_MODE}@tls=true`] };
    expect(plan(more).notRun).toEqual([{ what: `${HTTP_MODE}@tls=true`, reason: 'the quick run leaves it out; --full measures it' }]);
    expect(plan(more).ids).toEqual(latency.arms);
    const full = plan(more, { depth: 'full' });
    expect(full.ids).toEqual([...latency.arms, `${HTTP_MODE}@tls=true`]);
    expect(full.notRun).toEqual([]);
    expect(full.extent).toBe(latency.full);
    expect(plan(ladder).notRun.map(({ what }) => what)).toEqual(['the ladder walked the other way']);
    expect(plan(ladder, { depth: 'full' }).notRun).toEqual([]);
  });

  it('has only the arms that were chosen, where some were, the first of them the baseline', () => {
    const chosen = plan(headline, { arms: [BEST_HTTP, HTTP_MODE], launches: 2 });
    expect(chosen.ids).toEqual([`${BEST_HTTP}@rttMs=0+20+80`, `${HTTP_MODE}@rttMs=0+20+80`]);
    expect(chosen.scenario).not.toHaveProperty('pairs');
    expect(chosen.extent.launches).toBe(2);
    expect(plan(headline, { arms: [`${BEST_HTTP}@rttMs=9`] }).ids).toEqual([`${BEST_HTTP}@rttMs=9`]);
    expect(plan({ ...headline, arms: [] }, { arms: ['autocannon/http/chat/kept'] }).ids).toEqual(['autocannon/http/chat/kept']);
  });

  it('leaves out what needs a certificate, where there is none, and says so', () => {
    const { ids, notRun } = plan(headline, {}, false);
    expect(ids).toEqual([]);
    expect(notRun).toEqual(
      [HTTP_MODE, BEST_HTTP, WEBSOCKET_MODE].map((id) => ({ what: mixed(id), reason: 'there is no openssl to make a certificate with' })),
    );
    expect(needsTls([latency, headline], options())).toBe(true);
    expect(needsTls([latency], options())).toBe(false);
    expect(needsTls([{ ...latency, fullArms: [`${HTTP_MODE}@tls=true`] }], options())).toBe(false);
    expect(needsTls([{ ...latency, fullArms: [`${HTTP_MODE}@tls=true`] }], options({ depth: 'full' }))).toBe(true);
  });

  it('needs a link of every round-trip time that some arm has, and none where all go straight', () => {
    const timesOf = (scenarios: Scenario[], over: Partial<BenchOptions> = {}) =>
      roundTripsOfRun(planRun(scenarios, options(over), true).planned);
    expect(timesOf([headline, concurrency])).toEqual([0, 20, 80]);
    expect(timesOf([concurrency])).toEqual([]);
    expect(timesOf([headline, latency], { arms: [`${HTTP_MODE}@rttMs=50`, `${HTTP_MODE}@rttMs=5`] })).toEqual([5, 50]);
    expect(timesOf([latency], { roundTripsMs: [0] })).toEqual([]);
  });

  it('tells its round-trip times as a parameter', () => {
    expect(parametersOf(plan(headline), options())).toMatchObject({
      depth: 'quick',
      roundTripsMs: [0, 20, 80],
      measureMs: headline.quick.measureMs,
    });
    expect(parametersOf(plan(latency), options({ roundTripsMs: [7] }))).toMatchObject({ roundTripsMs: [7], trace: null });
    expect(parametersOf(plan(latency), options())).not.toHaveProperty('roundTripsMs');
  });
});

describe('the reason of a cell that was not run', () => {
  const tls = { tls: true };
  it.each([
    ['quick', options(), true, 'the quick run leaves it out; --full measures it'],
    ['without a certificate', options(), false, 'there is no openssl to make a certificate with'],
    ['with other arms', options({ arms: [HTTP_MODE] }), true, 'this run has arms or round-trip times of its own'],
    ['with other round trips', options({ roundTripsMs: [5] }), true, 'this run has arms or round-trip times of its own'],
  ])('%s', (_what, asked, certificate, reason) => {
    expect(reasonsOf(asked, certificate)(tls)).toBe(reason);
  });

  it('is not the certificate where no TLS is needed', () => {
    expect(reasonsOf(options(), false)({ tls: false })).toBe('the quick run leaves it out; --full measures it');
  });
});
