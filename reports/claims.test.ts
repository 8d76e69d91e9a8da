import { describe, expect, test } from 'vitest';
import {
  axisText,
  claimedText,
  claimSentence,
  groundOf,
  headlineOf,
  measuredTexts,
  modelText,
  readingText,
  readingValues,
} from './claims.ts';
import { exampleReport } from './testing/example.ts';

const [turn, , streams] = exampleReport().claims;

describe('a claim', () => {
  test('is said in the words of its measure', () => {
    expect(claimedText(turn!)).toBe('850 ms → 320 ms, 62.0 % lower');
    expect(claimedText(streams!)).toBe('50 streams → 200 streams, 4.00×');
    expect(claimSentence(turn!)).toBe('Claim on turn p50: 62.0 % lower; measured 2.19 % lower [1.71, 2.66]: not reproduced.');
    expect(claimSentence(streams!)).toBe('Claim on concurrency: 4.00×; no measured improvement: inconclusive.');
  });

  test('has readings that say HTTP, WebSocket, and what HTTP could be', () => {
    const headline = headlineOf(turn!)!;
    expect(readingText(headline)).toBe('2.19 % lower [1.71, 2.66]');
    expect(readingValues(headline)).toBe('2.15 s → 2.10 s (best HTTP 2.10 s)');
    const { bestHttp: _, ...without } = headline;
    expect(readingValues(without)).toBe('2.15 s → 2.10 s');
    expect(readingValues({ ...headline, bestHttp: null, websocket: null, atLeast: ['websocket'] })).toBe('2.15 s → – (best HTTP –)');
    expect(readingValues(headlineOf(streams!)!)).toBe('412 streams → ≥ 1,600 streams (best HTTP 437 streams)');
  });

  test('has a region whose model says how far off it is', () => {
    const region = turn!.region!;
    expect(axisText(region.x, 20)).toBe('round trip 20 ms');
    expect(axisText({ name: 'tokens a chunk', unit: '', values: [] }, 2)).toBe('tokens a chunk 2');
    expect(measuredTexts(turn!)).toEqual([
      'round trip 20 ms, model time of the reply 2,000 ms: 2.19 % lower',
      'round trip 80 ms, model time of the reply 140 ms: 48.0 % lower',
    ]);
    expect(measuredTexts(streams!)).toEqual([]);
    expect(modelText({ ...region, model: 'a + b.' })).toBe(
      'Model: a + b. Where it was measured, it is off by at most 1.20 percentage points of improvement.',
    );
    expect(modelText({ ...region, model: 'a + b', errorMax: null })).toBe('Model: a + b. No reading was there to test it against.');
  });

  test.each([
    [0.62, 'held'],
    [0.619, 'part'],
    [0.05, 'none'],
    [0.051, 'part'],
    [-0.05, 'none'],
    [-0.051, 'against'],
    [null, 'unknown'],
  ])('stands at an improvement of %s on ground that is "%s"', (value, ground) => {
    expect(groundOf(value, 0.62)).toBe(ground);
  });
});
