/**
 * The event loop's delay, from the samples that the status page is made of anyway. As a histogram, from which any window
 * can be had afterwards; and as the gauges of the convention, which are of one window: the last complete ten seconds,
 * not the time since somebody else's scrape.
 */
import { createHistogram } from 'node:perf_hooks';
import type { Instruments } from '../../dashboards/metrics/instruments.ts';
import { type LoopDelay, type LoopDelayFigures, loopDelayFigures } from '../loop-delay.ts';

const WINDOW_MS = 10_000;

export function observeLoopDelay(instruments: Instruments, loopDelay: LoopDelay, clockMs: () => number = () => performance.now()): void {
  const delay = instruments.histogram('gatebench.eventloop.delay');
  /** In microseconds. */
  const window = createHistogram();
  let endsMs = clockMs() + WINDOW_MS;
  let figures: LoopDelayFigures | undefined;
  const turnOver = () => {
    if (clockMs() < endsMs) return;
    figures = loopDelayFigures(window);
    window.reset();
    endsMs = clockMs() + WINDOW_MS;
  };
  loopDelay.onWait = (waitMs) => {
    turnOver();
    delay.record(waitMs / 1e3);
    window.record(Math.max(1, Math.round(waitMs * 1e3)));
  };
  instruments.observe(
    ['nodejs.eventloop.delay.p50', 'nodejs.eventloop.delay.p90', 'nodejs.eventloop.delay.p99', 'nodejs.eventloop.delay.max'],
    (report) => {
      turnOver();
      // Until the first window is complete, what there is of it.
      const { p50, p90, p99, max } = figures ?? loopDelayFigures(window);
      report('nodejs.eventloop.delay.p50', p50 / 1e3);
      report('nodejs.eventloop.delay.p90', p90 / 1e3);
      report('nodejs.eventloop.delay.p99', p99 / 1e3);
      report('nodejs.eventloop.delay.max', max / 1e3);
    },
  );
}
