import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nowNs } from '../../transports/clock.ts';
import { COMPLETED, Collector } from '../../transports/testing/legs.ts';
import { AgentClock, TimedTurn } from './clock.ts';

const TEXT = { type: 'text', text: 'x' } as const;
const MS = 1e6;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function spentMs(clock: AgentClock) {
  const { agentNs, upstreamFirstTokenNs, upstreamStreamingNs, backPressureNs, startedNs, endedNs } = clock.spent();
  const round = (ns: number) => Math.round(ns / MS);
  const parts = {
    agent: round(agentNs),
    first: round(upstreamFirstTokenNs),
    streaming: round(upstreamStreamingNs),
    paused: round(backPressureNs),
  };
  // Whatever happened, nothing is left out and nothing counted twice.
  expect(agentNs + upstreamFirstTokenNs + upstreamStreamingNs + backPressureNs).toBe(endedNs - startedNs);
  return parts;
}

const pass = (ms: number) => vi.advanceTimersByTime(ms);

describe('an agent’s clock', () => {
  it('tells the agent’s own time from the LLM’s, over several rounds', () => {
    const clock = new AgentClock();
    const startedNs = nowNs();
    for (let round = 0; round < 2; round += 1) {
      pass(3);
      const inference = clock.inference(new Collector());
      pass(20);
      inference.push({ type: 'started', responseId: 'r' }, nowNs());
      pass(10);
      inference.push(TEXT, nowNs());
      pass(7);
      inference.push(TEXT, nowNs());
      pass(1);
      inference.push(COMPLETED, nowNs());
    }
    pass(5);
    expect(spentMs(clock)).toEqual({ agent: 11, first: 60, streaming: 16, paused: 0 });
    const { sentNs, firstNs, lastNs } = clock.spent();
    expect([sentNs, firstNs, lastNs].map((ns) => Math.round((ns - startedNs) / MS))).toEqual([3, 33, 81]);
  });

  it('counts from reads, not from when they are looked at', () => {
    const clock = new AgentClock();
    const inference = clock.inference(new Collector());
    pass(10);
    const readAtNs = nowNs();
    pass(4);
    inference.push(TEXT, readAtNs);
    inference.push(COMPLETED, readAtNs);
    expect(spentMs(clock)).toEqual({ agent: 4, first: 10, streaming: 0, paused: 0 });
  });

  it('counts an inference without content as waiting to its end, and ends once', () => {
    const clock = new AgentClock();
    const inference = clock.inference(new Collector());
    pass(10);
    inference.push({ type: 'end', outcome: { kind: 'cancelled' } }, 0);
    inference.push({ type: 'end', outcome: { kind: 'cancelled' } }, 0);
    pass(2);
    clock.end();
    pass(50);
    expect(spentMs(clock)).toEqual({ agent: 2, first: 10, streaming: 0, paused: 0 });
    expect(clock.spent()).toMatchObject({ firstNs: 0, lastNs: 0 });
  });

  it('has inferences side by side stream as long as one does', () => {
    const clock = new AgentClock();
    const [one, two] = [clock.inference(new Collector()), clock.inference(new Collector())];
    pass(10);
    one.push(TEXT, nowNs());
    pass(5);
    one.push(COMPLETED, nowNs());
    pass(20);
    two.push(TEXT, nowNs());
    pass(1);
    two.push(COMPLETED, nowNs());
    expect(spentMs(clock)).toEqual({ agent: 0, first: 30, streaming: 6, paused: 0 });
  });
});

describe('a pause', () => {
  function begun() {
    const clock = new AgentClock();
    const sink = new Collector();
    const turn = new TimedTurn(clock, sink);
    const inference = clock.inference(turn);
    const resumed = vi.fn();
    turn.running = { resume: resumed, cancel: () => {} };
    pass(10);
    return { clock, sink, turn, inference, resumed };
  }

  it('is back-pressure, and no streaming', () => {
    const { clock, sink, turn, inference, resumed } = begun();
    sink.takes = false;
    inference.push(TEXT, nowNs());
    inference.push(TEXT, nowNs());
    pass(50);
    sink.takes = true;
    turn.resume();
    turn.resume();
    inference.push(TEXT, nowNs());
    pass(3);
    inference.push(COMPLETED, nowNs());
    expect(spentMs(clock)).toEqual({ agent: 0, first: 10, streaming: 3, paused: 50 });
    expect(resumed).toHaveBeenCalledTimes(2);
  });

  it('held up nothing where there is nothing to read when it is over', () => {
    const { clock, sink, turn, inference } = begun();
    sink.takes = false;
    inference.push(TEXT, nowNs());
    pass(50);
    sink.takes = true;
    turn.resume();
    pass(20);
    inference.push(TEXT, nowNs());
    inference.push(COMPLETED, nowNs());
    expect(spentMs(clock)).toEqual({ agent: 0, first: 10, streaming: 70, paused: 0 });
  });

  it('does not count where the LLM has said nothing yet', () => {
    const { clock, sink, turn, inference } = begun();
    sink.takes = false;
    inference.push({ type: 'started', responseId: 'r' }, nowNs());
    pass(50);
    turn.resume();
    inference.push(TEXT, nowNs());
    inference.push(COMPLETED, nowNs());
    expect(spentMs(clock)).toEqual({ agent: 0, first: 60, streaming: 0, paused: 0 });
  });

  it('counts where the agent itself cannot go on', () => {
    const clock = new AgentClock();
    const sink = new Collector();
    const turn = new TimedTurn(clock, sink);
    sink.takes = false;
    turn.push(TEXT, 0);
    pass(50);
    turn.resume();
    pass(2);
    turn.push(COMPLETED, 0);
    expect(spentMs(clock)).toEqual({ agent: 2, first: 0, streaming: 0, paused: 50 });
  });

  it('ends with the turn', () => {
    const { clock, sink, turn, inference } = begun();
    sink.takes = false;
    inference.push(TEXT, nowNs());
    pass(50);
    inference.push(COMPLETED, nowNs());
    pass(100);
    turn.resume();
    pass(10);
    expect(spentMs(clock)).toEqual({ agent: 0, first: 10, streaming: 0, paused: 50 });
  });
});
