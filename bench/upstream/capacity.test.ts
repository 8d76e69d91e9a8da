import { expect, test } from 'vitest';
import { searchSteps } from './capacity.ts';

const LATENESS = { tokens: 1_000, p50Us: 1, p99Us: 1, maxUs: 1 };

/** A machine that keeps up with so many streams. */
async function search(limit: number, { min = 64, max = 2_048, stepsMax = 20 } = {}) {
  const tried: number[] = [];
  const { best, failed } = await searchSteps(
    async (streams) => {
      tried.push(streams);
      return { streams, ok: streams <= limit, lateness: LATENESS };
    },
    { min, max, stepsMax },
  );
  return { best: best?.streams, failed: failed?.streams, tried };
}

test('doubles until a step fails, then bisects to the limit', async () => {
  expect(await search(300)).toEqual({ best: 300, failed: 301, tried: [64, 128, 256, 512, 384, 320, 288, 304, 296, 300, 302, 301] });
});

test('ends at the largest step, without a failure', async () => {
  expect(await search(10_000)).toEqual({ best: 2_048, failed: undefined, tried: [64, 128, 256, 512, 1_024, 2_048] });
});

test('gives up when the smallest step fails', async () => {
  expect(await search(10)).toEqual({ best: undefined, failed: 64, tried: [64] });
});

test('takes no more steps than it may', async () => {
  expect(await search(300, { stepsMax: 5 })).toEqual({ best: 256, failed: 384, tried: [64, 128, 256, 512, 384] });
});
