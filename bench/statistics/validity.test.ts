import { describe, expect, test } from 'vitest';
import { armValidity, judgeTrial, type TrialFacts, tooManyExcluded } from './validity.ts';

const good: TrialFacts = {
  latenessP99Ms: 2,
  mockLatenessP99Ms: 2,
  links: { latenessP99Ms: 2 },
  coreShared: false,
  rate: { offered: 100, achieved: 99 },
  generatorCores: 0.7,
  gatewayCores: { strangersShare: 0.2, stolenShare: 0.05 },
  inFlightPeak: 999,
  inFlightMax: 1_000,
  turns: { offered: 500, completed: 500, dropped: 0 },
  beside: { offered: 40, completed: 40 },
  canaryMs: { before: 100, after: 125 },
};

describe('validity of a trial', () => {
  test('at its limits it is valid', () => {
    expect(judgeTrial(good)).toEqual([]);
    expect(judgeTrial({ ...good, coreShared: true, latenessP99Ms: 5, mockLatenessP99Ms: 5, links: { latenessP99Ms: 5 } })).toEqual([]);
    expect(judgeTrial({ ...good, rate: null, canaryMs: null, beside: null, links: null, gatewayCores: null })).toEqual([]);
    expect(judgeTrial({ ...good, canaryMs: { before: 125, after: 100 } })).toEqual([]);
  });

  test.each<[string, Partial<TrialFacts>, string]>([
    ['generator late', { latenessP99Ms: 2.01 }, 'generator lateness p99 2.01 ms is above 2 ms'],
    ['late on a shared core', { coreShared: true, latenessP99Ms: 5.01 }, 'generator lateness p99 5.01 ms is above 5 ms'],
    ['mock late', { mockLatenessP99Ms: 3 }, 'mock LLM lateness p99 3 ms is above 2 ms'],
    ['link late', { links: { latenessP99Ms: 2.4 } }, 'emulated link lateness p99 2.4 ms is above 2 ms'],
    ['link unknown', { links: { latenessP99Ms: null } }, 'emulated link lateness is not known'],
    ['lateness unknown', { latenessP99Ms: null }, 'generator lateness is not known'],
    ['NaN is not on time', { latenessP99Ms: Number.NaN }, 'generator lateness p99 NaN ms is above 2 ms'],
    ['rate missed', { rate: { offered: 100, achieved: 98.9 } }, 'achieved 98.9 % of the offered rate, less than 99 %'],
    ['generator busy', { generatorCores: 0.71 }, 'generator used 71 % of a core, more than 70 %'],
    [
      'core not its own',
      { gatewayCores: { strangersShare: 0.62, stolenShare: 0 } },
      "other processes used 62 % of the gateway's cores, more than 20 %",
    ],
    [
      'core taken away',
      { gatewayCores: { strangersShare: 0, stolenShare: 0.06 } },
      "the machine's host took 6 % of the gateway's cores, more than 5 %",
    ],
    ['cap reached', { inFlightPeak: 1_000 }, 'in-flight cap of 1000 was hit, 0 turns dropped'],
    ['turns dropped', { turns: { offered: 500, completed: 497, dropped: 3 } }, 'in-flight cap of 1000 was hit, 3 turns dropped'],
    ['a failure beside', { beside: { offered: 40, completed: 38 } }, '2 of the 40 turns beside did not complete'],
    ['nothing beside', { beside: { offered: 0, completed: 0 } }, 'no turn beside was due in the window'],
    ['machine slower', { canaryMs: { before: 100, after: 126 } }, "the machine's speed changed by a factor of 1.26 during the trial"],
    ['machine faster', { canaryMs: { before: 126, after: 100 } }, "the machine's speed changed by a factor of 0.79 during the trial"],
    ['nothing completed', { turns: { offered: 500, completed: 0, dropped: 0 } }, 'no turn completed'],
    ['nothing offered', { turns: { offered: 0, completed: 0, dropped: 0 } }, 'no turn was due in the window'],
  ])('%s', (_, change, reason) => {
    expect(judgeTrial({ ...good, ...change })).toEqual([reason]);
  });

  test('all reasons are given at once', () => {
    expect(judgeTrial({ ...good, latenessP99Ms: 9, generatorCores: 1 })).toHaveLength(2);
  });
});

describe('validity of an arm', () => {
  test('one in five may be excluded, no more', () => {
    expect(tooManyExcluded(2, 10)).toBe(false);
    expect(tooManyExcluded(3, 10)).toBe(true);
    expect(tooManyExcluded(0, 0)).toBe(true);
  });

  test('counts trials, and like reasons together', () => {
    const late = (ms: number) => `generator lateness p99 ${ms} ms is above 2 ms`;
    expect(armValidity([[late(3.1)], [], [late(4)], ['no turn completed'], [], [], [], [], [], []])).toEqual({
      ok: false,
      excluded: 3,
      trials: 10,
      reasons: [`${late(3.1)} (and 1 more like it)`, 'no turn completed'],
    });
    expect(armValidity([[], []])).toEqual({ ok: true, excluded: 0, trials: 2, reasons: [] });
    expect(armValidity([])).toMatchObject({ ok: false, reasons: ['no trial was run'] });
  });
});
