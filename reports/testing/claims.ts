/** The four claims of an example report: each verdict but "inconclusive by width" occurs, as do maps of their regions. */
import type { Claim, ClaimVerdict, Interval, Reading, Region } from '../report.ts';

const HEADLINE = 'round trip 20 ms, TLS, 20 ms a token';

export function exampleClaims(): Claim[] {
  return [turn(), overhead(), concurrency(), cpu()];
}

type Row = [
  condition: string,
  http: number | null,
  bestHttp: number | null | undefined,
  websocket: number | null,
  improvement: number | null,
  interval: Interval | null,
  verdict: ClaimVerdict,
];

const readings = (measure: string, unit: Reading['unit'], rows: readonly Row[]): Reading[] =>
  rows.map(([condition, http, bestHttp, websocket, improvement, interval, verdict]) => ({
    measure,
    condition,
    unit,
    http,
    websocket,
    ...(bestHttp === undefined ? {} : { bestHttp }),
    improvement,
    interval,
    verdict,
  }));

function turn(): Claim {
  return {
    measure: 'turn',
    claimed: { unit: 'ms', http: 850, websocket: 320, improvement: 0.62 },
    headline: { measure: 'turn', condition: HEADLINE },
    readings: [
      ...readings('turn', 'ms', [[HEADLINE, 2_145, 2_099, 2_098, 0.0219, [0.0171, 0.0266], 'not-reproduced']]),
      ...readings('ttft', 'ms', [[HEADLINE, 2_145, 92.6, 93.4, 0.956, [0.954, 0.958], 'reproduced']]),
      ...readings('turn', 'ms', [
        ['round trip 0 ms, TLS, 20 ms a token', 2_063, 2_061, 2_059, 0.0019, [-0.0042, 0.0081], 'not-reproduced'],
        ['round trip 80 ms, TLS, 20 ms a token', 2_318, 2_161, 2_158, 0.069, [0.061, 0.077], 'partly'],
        ['round trip 20 ms, TLS, 1 ms a token', 246, 203, 204, 0.171, [0.158, 0.183], 'partly'],
        ['round trip 80 ms, TLS, 1 ms a token', 498, 262, 259, 0.48, [0.44, 0.52], 'partly'],
        ['round trip 80 ms, no TLS, 1 ms a token', 418, 258, 256, 0.388, [0.31, 0.47], 'partly'],
      ]),
    ],
    verdict: 'not-reproduced',
    explanation: 'The model’s own time is in both; the transport saves one handshake, 40 ms of 2,145.',
    region: {
      x: { name: 'round trip', unit: 'ms', values: [0, 20, 80, 200] },
      y: { name: 'model time of the reply', unit: 'ms', values: [50, 500, 2_000] },
      improvement: [
        [0.02, 0.41, 0.62, 0.65],
        [0.01, 0.07, 0.24, 0.44],
        [0.002, 0.02, 0.07, null],
      ],
      measured: [
        { x: 20, y: 2_000, improvement: 0.0219 },
        { x: 80, y: 140, improvement: 0.48 },
      ],
      model:
        'turn = model time + round trips × round-trip time + 4.2 ms; round trips: 3 on HTTP’s fresh connections with TLS, 1 on a kept one',
      errorMax: 0.012,
      sentence: 'A turn is 62 % shorter only where the reply takes the model less time than a round trip of the network.',
    },
  };
}

function overhead(): Claim {
  const region: Region = {
    x: { name: 'tokens a chunk', unit: '', values: [1, 2, 5, 10, 20, 50] },
    y: { name: 'text a token', unit: 'B', values: [2, 5.6, 12] },
    improvement: [
      [-0.01, -0.01, 0, 0.01, 0.03, 0.08],
      [-0.06, -0.02, 0.01, 0.06, 0.12, 0.24],
      [-0.05, 0, 0.04, 0.11, 0.21, 0.36],
    ],
    measured: [{ x: 1, y: 5.6, improvement: -0.06 }],
    model: 'overhead = envelope ÷ (envelope + content of a chunk), envelopes of 143 B and 189 B',
    errorMax: null,
    sentence: 'Nowhere on this map is the overhead 80 % lower: that takes another envelope, not another transport.',
  };
  return {
    measure: 'tokenOverhead',
    claimed: { unit: 'fraction', http: 0.15, websocket: 0.03, improvement: 0.8 },
    headline: { measure: 'tokenOverhead', condition: '1 token a chunk' },
    readings: [
      ...readings('tokenOverhead', 'fraction', [
        ['1 token a chunk', 0.9271, 0.9832, 0.9827, -0.06, [-0.06, -0.06], 'reversed'],
        ['5 tokens a chunk', 0.921, 0.921, 0.9188, 0.0024, [0.0024, 0.0024], 'not-reproduced'],
      ]),
      ...readings('tokenOverheadOfContent', 'fraction', [
        ['1 token a chunk', 12.7, 58.6, 56.8, -3.47, [-3.47, -3.47], 'reversed'],
        ['5 tokens a chunk', 11.6, 11.7, 11.3, 0.026, [0.026, 0.026], 'not-reproduced'],
      ]),
    ],
    verdict: 'reversed',
    explanation:
      'A WebSocket frame is 3 bytes shorter than an SSE event, and the Responses envelope 40 bytes longer than a whole reply’s share.',
    region,
  };
}

function concurrency(): Claim {
  return {
    measure: 'concurrency',
    claimed: { unit: 'streams', http: 50, websocket: 200, improvement: 3 },
    headline: { measure: 'concurrency', condition: '' },
    readings: readings('concurrency', 'streams', [
      ['', 412, 437, 1_600, null, null, 'inconclusive'],
      ['1 ms a token', 61, 58, 66, 0.082, [-0.01, 0.18], 'inconclusive'],
    ]).map((reading, index) => (index === 0 ? { ...reading, atLeast: ['websocket'] } : reading)),
    verdict: 'inconclusive',
    explanation: 'The generator gave out before the WebSocket arm did.',
  };
}

function cpu(): Claim {
  return {
    measure: 'cpuShare',
    claimed: { unit: 'fraction', http: 0.78, websocket: 0.45, improvement: 0.423 },
    headline: { measure: 'cpuPerToken', condition: HEADLINE },
    readings: [
      ...readings('cpuPerToken', 'us/token', [
        [HEADLINE, 71.4, 44.2, 39.8, 0.443, [0.425, 0.46], 'reproduced'],
        ['round trip 20 ms, no TLS, 20 ms a token', 38.2, 41.1, 39.5, -0.034, [-0.11, 0.041], 'inconclusive'],
      ]),
      ...readings('cpuShare', 'fraction', [[HEADLINE, 0.231, 0.14, 0.128, 0.446, [0.421, 0.47], 'partly']]),
    ],
    verdict: 'reproduced',
    explanation: 'Under TLS the handshakes of fresh connections cost more than all tokens; without TLS nothing is left of it.',
  };
}
