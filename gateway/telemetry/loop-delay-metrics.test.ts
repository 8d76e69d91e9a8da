import { expect, it } from 'vitest';
import { Instruments } from '../../dashboards/metrics/instruments.ts';
import { LoopDelay } from '../loop-delay.ts';
import { observeLoopDelay } from './loop-delay-metrics.ts';
import { startSdk } from './sdk.ts';

it('tells each wait in the histogram, and in the gauges those of the last complete ten seconds', async () => {
  let nowMs = 0;
  const sdk = startSdk({ serviceName: 'test', version: '1', env: {}, onProblem() {} });
  const loopDelay = new LoopDelay(() => nowMs);
  observeLoopDelay(new Instruments(sdk.meters, 'gateway'), loopDelay, () => nowMs);
  const figures = async () => {
    const collected = await sdk.collect();
    const of = (name: string) => collected.find(({ descriptor }) => descriptor.name === name)?.dataPoints[0]?.value;
    return { max: of('nodejs.eventloop.delay.max'), p50: of('nodejs.eventloop.delay.p50'), histogram: of('gatebench.eventloop.delay') };
  };
  const wait = (ms: number) => loopDelay.onWait?.(ms);
  for (let time = 0; time < 9; time += 1) wait(1);
  wait(40);
  // Until ten seconds are over, what there is.
  expect(await figures()).toMatchObject({ max: expect.closeTo(0.04, 4), p50: expect.closeTo(0.001, 5) });
  nowMs = 10_000;
  wait(2);
  expect(await figures()).toMatchObject({ max: expect.closeTo(0.04, 4), histogram: { count: 11, sum: expect.closeTo(0.051, 6) } });
  nowMs = 20_000;
  expect(await figures()).toMatchObject({ max: expect.closeTo(0.002, 5), histogram: { count: 11 } });
  await sdk.close();
});
