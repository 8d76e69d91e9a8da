/** What a generator tells once a second, from turns that a trial of a mock target has run. */
import { describe, expect, it } from 'vitest';
import type { Phases } from '../../transports/contract.ts';
import { LiveTally } from '../driver/live.ts';
import type { TurnRun } from '../driver/turn-run.ts';

const DUE_NS = 1e9;

/** Due at 0, started at 1 ms, first content at 11, last at 51, ended at 52. */
function run(phases?: Phases, attempts = 1): TurnRun {
  const at = (ms: number) => DUE_NS + ms * 1e6;
  return {
    dueNs: DUE_NS,
    startedNs: at(1),
    firstNs: at(11),
    lastNs: at(51),
    endedNs: at(52),
    attempts,
    phases,
    outputTokens: 30,
    textEvents: 30,
    prepared: { turn: { key: 'trial.1.0.0', model: 'm', input: [], want: { phases: true } } },
  } as unknown as TurnRun;
}

const PHASES: Phases = {
  admission: 1,
  queue: 0,
  dispatch: 0.5,
  agent: 0.5,
  upstreamFirstToken: 7,
  upstreamStreaming: 39,
  serialise: 1,
  backPressure: 0,
  receivedAtMs: DUE_NS / 1e6 + 2,
  sentAtMs: DUE_NS / 1e6 + 51.5,
};

describe('a second of a trial', () => {
  it('has counts, tokens, what is in flight, and the way of the slowest turns', () => {
    let nowMs = 5;
    const tally = new LiveTally(() => nowMs);
    for (let n = 0; n < 3; n += 1) tally.offered();
    tally.ended(run(PHASES), { kind: 'completed', finish: 'stop' });
    tally.ended(run(), { kind: 'failed', code: 'upstream_error', message: 'gone' });
    nowMs += 1_003;
    const { spanMs, load, turns } = tally.take();
    expect(spanMs).toBe(1_003);
    expect(load).toMatchObject({
      ended: { completed: 1, failed: 1 },
      inFlight: 1,
      tokens: 30,
      phasesMs: { scheduleLag: 1, transit: 1, upstreamStreaming: 39 },
    });
    expect(
      turns.map(({ key, arm, durationMs, firstTokenMs, outcome, code }) => [key, arm, durationMs, firstTokenMs, outcome, code]),
    ).toEqual([
      ['trial.1.0.0', null, 52, 11, 'completed', null],
      ['trial.1.0.0', null, 52, 11, 'failed', 'upstream_error'],
    ]);
    const spans = turns.map((turn) => turn.spans.map(({ name, startMs, durationMs, parent }) => [name, startMs, durationMs, parent]));
    expect(spans[0]).toEqual([
      ['turn', 0, 52, null],
      ['scheduleLag', 0, 1, 0],
      ['transit', 1, 1, 0],
      ['gateway', 2, 49.5, 0],
      ['admission', 2, 1, 3],
      ['dispatch', 3, 0.5, 3],
      ['agent', 3.5, 0.5, 3],
      ['upstreamFirstToken', 4, 7, 3],
      ['upstreamStreaming', 11, 39, 3],
      ['serialise', 50, 1, 3],
      ['returnTransit', 51.5, 0.5, 0],
    ]);
    expect(spans[1]).toEqual([
      ['turn', 0, 52, null],
      ['scheduleLag', 0, 1, 0],
      ['firstToken', 1, 10, 0],
      ['streaming', 11, 40, 0],
      ['end', 51, 1, 0],
    ]);
  });

  it('passes over phases of a second attempt', () => {
    const tally = new LiveTally();
    tally.ended(run(PHASES, 2), { kind: 'completed', finish: 'stop' });
    expect(tally.take().load.phasesMs).toBeNull();
  });
});
