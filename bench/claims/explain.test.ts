import { describe, expect, it } from 'vitest';
import type { Rung } from '../../reports/report.ts';
import { BEST_HTTP, HTTP_MODE, WEBSOCKET_MODE } from '../../scenarios/ends.ts';
import { climbOf, worthOf } from './climb.ts';
import { explain, type Grounds } from './explain.ts';

type Headline = NonNullable<Grounds['headline']>;

const over = (improvement: number, low: number, high: number) => ({ improvement, interval: [low, high] as [number, number] });

function headline(change: Omit<Partial<Headline>, 'reading'> & { reading?: Partial<Headline['reading']> } = {}): Headline {
  const { reading, ...rest } = change;
  return {
    reading: {
      measure: 'turn',
      condition: 'here',
      unit: 'ms',
      http: 365,
      websocket: 322,
      improvement: 0.118,
      interval: [0.11, 0.12],
      verdict: 'partly',
      ...reading,
    },
    overBest: undefined,
    atLeast: [],
    ...rest,
  };
}

const grounds = (change: Partial<Grounds> = {}): Grounds => ({ direction: 'lower', headline: headline(), ...change });
const climb = (...steps: [string, number][]) => ({
  of: 'turn, 1 ms a token',
  condition: 'round trip 20 ms',
  steps: steps.map(([factor, ratio]) => ({ factor, ratio })),
});

describe('an explanation', () => {
  it('says that the condition was not measured, and nothing else', () => {
    expect(explain(grounds({ headline: undefined, modelMs: 300, climb: climb(['reuse', 0.5]) }))).toBe(
      'The condition that decides it was not measured in this run.',
    );
  });

  it('is silent where it has nothing to go by', () => {
    expect(explain(grounds())).toBe('');
  });

  it('says why nothing was decided, and only then', () => {
    expect(explain(grounds({ headline: headline({ reason: '2 launches; a verdict takes 6' }) }))).toBe('');
    const undecided = headline({ reason: '2 launches; a verdict takes 6', reading: { verdict: 'inconclusive' } });
    expect(explain(grounds({ headline: undecided }))).toBe('Not decided: 2 launches; a verdict takes 6.');
  });

  it('says what is the model’s own, where that can be', () => {
    expect(explain(grounds({ modelMs: 300 }))).toBe('300 ms of HTTP mode’s 365 ms are the model’s own, which no transport shortens.');
    expect(explain(grounds({ modelMs: 366 }))).toBe('');
    expect(explain(grounds({ modelMs: 300, headline: headline({ reading: { http: null } }) }))).toBe('');
  });
});

describe('of a ladder', () => {
  const sentence = (steps: [string, number][], direction: Grounds['direction'] = 'lower') =>
    explain(grounds({ direction, climb: climb(...steps) }));
  const where = 'On the ladder (turn, 1 ms a token, round trip 20 ms)';

  it.each<[string, [string, number][], string]>([
    [
      'one factor carries it',
      [
        ['streaming', 1],
        ['reuse', 0.5],
        ['threads', 0.99],
      ],
      `${where} it comes to 50.5 % less: reuse carries 98.6 % of that gain.`,
    ],
    [
      'two carry it',
      [
        ['streaming', 0.8],
        ['reuse', 0.7],
        ['threads', 0.98],
      ],
      `${where} it comes to 45.1 % less: reuse (59.4 %) and streaming (37.2 %) carry that gain.`,
    ],
    [
      'three carry it',
      [
        ['a', 0.7],
        ['b', 0.7],
        ['c', 0.7],
      ],
      `${where} it comes to 65.7 % less: a (33.3 %), b (33.3 %) and c (33.3 %) carry that gain.`,
    ],
    [
      'one works against it',
      [
        ['reuse', 0.5],
        ['threads', 1.12],
      ],
      `${where} it comes to 44.0 % less: reuse carries all of that gain; against it works threads +12.0 %.`,
    ],
    [
      'two work against it',
      [
        ['reuse', 0.3],
        ['envelope', 1.06],
        ['threads', 1.12],
      ],
      `${where} it comes to 64.4 % less: reuse carries all of that gain; against it work threads +12.0 %, envelope +6.00 %.`,
    ],
    [
      'what works against it too little to matter is left out',
      [
        ['reuse', 0.5],
        ['threads', 1.04],
      ],
      `${where} it comes to 48.0 % less: reuse carries all of that gain.`,
    ],
    [
      'a loss',
      [
        ['streaming', 3],
        ['reuse', 0.9],
      ],
      `${where} it comes to 170 % more: streaming carries all of that loss; against it works reuse −10.0 %.`,
    ],
    [
      'nothing happens',
      [
        ['streaming', 1.02],
        ['reuse', 0.97],
      ],
      `${where} no factor changes it by more than 5 %.`,
    ],
    [
      'factors cancel out',
      [
        ['streaming', 1.25],
        ['reuse', 0.8],
        ['threads', 1.01],
      ],
      `${where} factors cancel out: streaming +25.0 %, reuse −20.0 %.`,
    ],
  ])('%s', (_what, steps, expected) => {
    expect(sentence(steps)).toBe(expected);
  });

  it('where more is better, more is a gain', () => {
    expect(sentence([['reuse', 2]], 'higher')).toBe(`${where} it comes to 100 % more: reuse carries all of that gain.`);
    expect(sentence([['reuse', 0.5]], 'higher')).toBe(`${where} it comes to 50.0 % less: reuse carries all of that loss.`);
  });
});

describe('against the best HTTP', () => {
  const against = (overBest: Headline['overBest'], direction: Grounds['direction'] = 'lower') =>
    explain(grounds({ direction, headline: headline({ overBest }) }));

  it.each<[string, Headline['overBest'], string]>([
    [
      'nothing is left',
      over(0.003, -0.01, 0.02),
      'Against an HTTP that streams over kept connections nothing is left of it: WebSocket mode is 0.300 % lower [−1.00, 2.00].',
    ],
    [
      'at the margin nothing is',
      over(0.001, -0.05, 0.05),
      'Against an HTTP that streams over kept connections nothing is left of it: WebSocket mode is 0.100 % lower [−5.00, 5.00].',
    ],
    [
      'something is',
      over(0.2, 0.1, 0.3),
      'Against an HTTP that streams over kept connections, WebSocket mode is 20.0 % lower [10.0, 30.0].',
    ],
    [
      'it is behind',
      over(-0.4, -0.5, -0.3),
      'Against an HTTP that streams over kept connections, WebSocket mode is behind: 40.0 % higher [30.0, 50.0].',
    ],
    [
      'it may be either',
      over(0.1, -0.1, 0.3),
      'Against an HTTP that streams over kept connections this run does not decide: 10.0 % lower [−10.0, 30.0].',
    ],
    [
      'no interval decides nothing',
      { improvement: 0.3, interval: null },
      'Against an HTTP that streams over kept connections this run does not decide: 30.0 % lower.',
    ],
    ['it was not measured', undefined, ''],
    ['it has no value', { improvement: null, interval: null }, ''],
  ])('%s', (_what, overBest, expected) => {
    expect(against(overBest)).toBe(expected);
  });

  it('where more is better, says so', () => {
    expect(against(over(0.5, 0.4, 0.6), 'higher')).toBe(
      'Against an HTTP that streams over kept connections, WebSocket mode is 50.0 % higher [40.0, 60.0].',
    );
  });
});

describe('where the instrument gave out', () => {
  const streams = (http: number | null, websocket: number | null) =>
    ({ measure: 'concurrency', unit: 'streams', http, websocket }) as const;
  const bounded = (atLeast: Headline['atLeast'], http: number | null, websocket: number | null, claimedHttp?: number) =>
    explain(grounds({ direction: 'higher', claimedHttp, headline: headline({ atLeast, reading: streams(http, websocket) }) }));

  it('says whose number is a lower bound', () => {
    expect(bounded(['http'], 540, 440)).toBe('The instrument gave out before HTTP mode at 540 streams: those are lower bounds.');
    expect(bounded(['http', 'websocket'], 540, 440)).toBe(
      'The instrument gave out before HTTP mode at 540 streams and WebSocket mode at 440 streams: those are lower bounds.',
    );
    expect(bounded(['websocket'], 540, null)).toBe('');
    expect(bounded([], 540, 440)).toBe('');
  });

  it('says so where HTTP mode alone has more than was published for it', () => {
    expect(bounded(['http'], 540, 440, 50)).toBe(
      'The instrument gave out before HTTP mode at 540 streams, where 50 streams were published for HTTP mode: those are lower bounds.',
    );
    expect(bounded(['http'], 50, 440, 50)).toBe('The instrument gave out before HTTP mode at 50 streams: those are lower bounds.');
    expect(bounded(['websocket'], 540, 440, 50)).toBe(
      'The instrument gave out before WebSocket mode at 440 streams, where 50 streams were published for HTTP mode: those are lower bounds.',
    );
  });
});

describe('a climb', () => {
  const rung = (step: number, from: string, to: string, ratio: number | null, change: Partial<Rung> = {}): Rung => {
    return { step, factor: `step ${step}`, from, to, condition: 'here', measure: 'turn', ratio, interval: null, ...change };
  };
  const at = (id: string) => `${id}@tls=true,rttMs=20`;
  const rungs = [
    rung(2, at(BEST_HTTP), at(WEBSOCKET_MODE), 2),
    rung(1, at(HTTP_MODE), at(BEST_HTTP), 0.25),
    rung(3, at(WEBSOCKET_MODE), 'beyond', 0.1),
    rung(1, at(HTTP_MODE), at(BEST_HTTP), 9, { condition: 'there' }),
    rung(1, at(HTTP_MODE), at(BEST_HTTP), 9, { measure: 'ttft' }),
  ];

  it('goes from the one published end to the other, in order, and no further', () => {
    expect(climbOf({ ladder: rungs }, 'turn', 'here')).toEqual({
      condition: 'here',
      steps: [
        { factor: 'step 1', ratio: 0.25 },
        { factor: 'step 2', ratio: 2 },
      ],
    });
    expect(worthOf(climbOf({ ladder: rungs }, 'turn', 'here')!, 0.05)).toEqual({
      total: 0.5,
      carriers: [{ factor: 'step 1', ratio: 0.25, share: 1 }],
      against: [{ factor: 'step 2', ratio: 2 }],
    });
  });

  it('is none where it does not reach both ends, or a rung is not known', () => {
    expect(climbOf({ ladder: rungs }, 'turn', 'there')).toBeUndefined();
    expect(climbOf({ ladder: rungs }, 'completionLag', 'here')).toBeUndefined();
    expect(climbOf({ ladder: rungs.slice(0, 1) }, 'turn', 'here')).toBeUndefined();
    expect(climbOf({ ladder: [rungs[0]!, rung(1, at(HTTP_MODE), at(BEST_HTTP), null)] }, 'turn', 'here')).toBeUndefined();
    expect(climbOf({}, 'turn', 'here')).toBeUndefined();
  });
});
