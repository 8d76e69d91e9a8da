/**
 * Where a turn's time went, through whole gateways in this process: a delay put into one phase must show in that phase
 * and in no other. Of several turns the least counts, so that a busy machine adds nothing.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from '../transports/client.ts';
import { nowNs } from '../transports/clock.ts';
import { type Execution, type Handler, OVER, type Phases, type Turn } from '../transports/contract.ts';
import { GATEWAY_PHASES, GATEWAY_STAMPS, type GatewayPhase } from '../transports/phases.ts';
import { serve } from '../transports/server.ts';
import { COMPLETED, driven, legName, run, says, until, VALID_LEGS } from '../transports/testing/legs.ts';
import type { Client, Leg, Server } from '../transports/wire.ts';
import type { AgentSpent } from './agents/clock.ts';
import { type Gateway, startGateway } from './app.ts';
import { describeProblem } from './config/problems.ts';
import { parseConfig } from './config.ts';
import { openLog } from './log.ts';
import { phased } from './phases.ts';
import { configFor } from './testing/process.ts';
import { marksOf } from './turn-marks.ts';
import type { TurnRecord } from './turn-record.ts';

const SSE: Leg = { transport: 'sse', envelope: 'chat', connection: 'kept' };
const TOKENS = 4;
const TURNS = 5;
const INJECTED_MS = 50;
const TOLERANCE_MS = 5;

type Over = Record<string, unknown>;

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Started {
  gateway: Gateway;
  records: TurnRecord[];
  client(leg?: Leg): Client;
}

async function start(handler: Handler, over: Over = {}): Promise<Started> {
  const llm: Server = await serve({ host: '127.0.0.1', port: 0, handler });
  cleanups.push(() => llm.close(0));
  const parsed = parseConfig(configFor(llm.port, over), { folder: '/', env: {}, allowFaults: true });
  if (!parsed.ok) throw new Error(parsed.problems.map(describeProblem).join('\n'));
  const records: TurnRecord[] = [];
  const log = await openLog({ ...parsed.config.logging, level: 'silent' });
  const gateway = await startGateway(parsed.config, { ...log, observers: [(record) => records.push(record)] });
  cleanups.push(() => gateway.close());
  const client = (leg = SSE) => {
    const made = connect({ leg, host: '127.0.0.1', port: gateway.ports.gateway });
    cleanups.push(() => made.close());
    return made;
  };
  return { gateway, records, client };
}

/** Says a few words, each in a pass of its own. */
const speaks: Handler = (_turn, sink) => {
  sink.push({ type: 'started', responseId: 'u1' }, 0);
  let said = 0;
  const next = () => {
    if (said === TOKENS) {
      sink.push(COMPLETED, 0);
      return;
    }
    said += 1;
    sink.push({ type: 'text', text: `word${said} ` }, 0);
    setTimeout(next, 1);
  };
  setTimeout(next, 1);
  return { resume() {}, cancel() {} };
};

async function phasesOf(client: Client, over: Partial<Turn> = {}): Promise<Phases> {
  const { outcome, phases } = await run(client.handler, { want: { phases: true }, session: 's', ...over }).sink.done;
  expect(outcome).toEqual({ kind: 'completed', finish: 'stop' });
  if (!phases) throw new Error('the end came without phases');
  return phases;
}

const residualMs = (phases: Phases) =>
  phases.sentAtMs! - phases.receivedAtMs! - GATEWAY_PHASES.reduce((sum, name) => sum + phases[name]!, 0);

/** Of each phase the least, after a turn that opens the connections. */
async function least(execution: Execution, delayMs?: Over): Promise<Record<GatewayPhase, number>> {
  const pool = { threadPool: { minThreads: 1, maxThreads: 1 }, processPool: { minProcesses: 1, maxProcesses: 1 } };
  const { client } = await start(speaks, { agents: { execution, ...pool }, ...(delayMs ? { faults: { delayMs } } : {}) });
  const one = client();
  await phasesOf(one);
  const seen: Phases[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) seen.push(await phasesOf(one));
  // Each is rounded to a microsecond.
  for (const phases of seen) expect(Math.abs(residualMs(phases))).toBeLessThan(0.01);
  return Object.fromEntries(GATEWAY_PHASES.map((name) => [name, Math.min(...seen.map((phases) => phases[name]!))])) as Record<
    GatewayPhase,
    number
  >;
}

/** That phase by what was injected, no other. */
function expectRise(before: Record<GatewayPhase, number>, after: Record<GatewayPhase, number>, phase: GatewayPhase): void {
  for (const name of GATEWAY_PHASES) {
    const expected = name === phase ? INJECTED_MS : 0;
    expect(Math.abs(after[name] - before[name] - expected), `${name}: ${before[name]} to ${after[name]} ms`).toBeLessThan(TOLERANCE_MS);
  }
}

const FAULTS: readonly [GatewayPhase, string][] = [
  ['admission', 'admission'],
  ['queue', 'queue'],
  ['dispatch', 'dispatch'],
  ['agent', 'agent'],
  ['upstreamFirstToken', 'upstream'],
  ['upstreamStreaming', 'upstreamStreaming'],
  ['serialise', 'serialise'],
];

describe.each(['inline', 'thread', 'process'] as const)('a delay (%s)', (execution) => {
  let before: Promise<Record<GatewayPhase, number>> | undefined;

  it.each(FAULTS)('of %s shows there and nowhere else', async (phase, fault) => {
    before ??= least(execution);
    expectRise(await before, await least(execution, { [fault]: INJECTED_MS }), phase);
  });
});

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function medians(turns: () => Promise<Phases>): Promise<Record<GatewayPhase, number>> {
  const seen: Phases[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) seen.push(await turns());
  for (const phases of seen) expect(Math.abs(residualMs(phases))).toBeLessThan(0.01);
  return Object.fromEntries(GATEWAY_PHASES.map((name) => [name, median(seen.map((phases) => phases[name]!))])) as Record<
    GatewayPhase,
    number
  >;
}

describe.each(['inline', 'thread'] as const)('a client that stands still (%s)', (execution) => {
  const pool = { agents: { execution, threadPool: { minThreads: 1, maxThreads: 1 } } };

  it('shows as back-pressure and nowhere else: nothing in between holds more than a message', async () => {
    const { client } = await start(speaks, pool);
    const one = client({ transport: 'memory', envelope: 'responses', connection: 'kept' });
    const reading = async (standsStillMs: number) => {
      const { sink, running } = run(one.handler, { want: { phases: true } });
      sink.onEvent = (event) => {
        // At the last word but one: what the LLM says meanwhile would be no streaming time any more.
        if (event.type !== 'text' || standsStillMs === 0 || !sink.text.endsWith(`word${TOKENS - 1} `)) return;
        sink.takes = false;
        setTimeout(() => {
          sink.takes = true;
          running.resume();
        }, standsStillMs);
      };
      return (await sink.done).phases!;
    };
    await reading(0);
    const before = await medians(() => reading(0));
    const after = await medians(() => reading(INJECTED_MS));
    expectRise(before, after, 'backPressure');
  });

  it('shows as back-pressure also where sockets hold megabytes', async () => {
    const { client } = await start(floods(12 * 1024 * 1024), pool);
    // The kernel gives a connection that lasts more and more room.
    const one = client({ transport: 'websocket', envelope: 'binary', connection: 'per-turn' });
    const reading = async (standsStillMs: number) => {
      const { sink, running } = run(one.handler, { want: { phases: true } });
      sink.takes = false;
      await new Promise((resolve) => setTimeout(resolve, standsStillMs));
      sink.takes = true;
      running.resume();
      return (await sink.done).phases!;
    };
    await reading(0);
    const { backPressure, upstreamStreaming } = await medians(() => reading(500));
    // Until all that lies between is full, nothing pauses; and while that empties, there are more pauses.
    expect(backPressure).toBeGreaterThan(250);
    expect(backPressure).toBeGreaterThan(upstreamStreaming);
  });
});

/** Sends as fast as it is taken. */
function floods(bytes: number): Handler {
  const text = 'x'.repeat(64 * 1024);
  return (_turn, sink) => {
    let left = bytes;
    let cancelled = false;
    // Each in a pass of its own: only then is it seen whether the last one was taken.
    const next = () => {
      if (cancelled) return;
      if (left <= 0) {
        sink.push(COMPLETED, 0);
        return;
      }
      left -= text.length;
      if (sink.push({ type: 'text', text }, 0)) setImmediate(next);
    };
    setImmediate(next);
    return {
      resume: next,
      cancel() {
        cancelled = true;
      },
    };
  };
}

describe('phases', () => {
  it.each(VALID_LEGS.map((leg) => [legName(leg), leg] as const))('come back over %s, and lie within the turn', async (_name, leg) => {
    const { client } = await start(speaks);
    const one = client(leg);
    const sentAtMs = nowNs() / 1e6;
    const phases = await phasesOf(one);
    const endedAtMs = nowNs() / 1e6;
    expect(Object.keys(phases)).toEqual([...GATEWAY_PHASES, ...GATEWAY_STAMPS]);
    expect(Math.abs(residualMs(phases))).toBeLessThan(0.01);
    expect(phases.receivedAtMs).toBeGreaterThan(sentAtMs);
    expect(phases.sentAtMs).toBeLessThan(endedAtMs);
    expect(phases.upstreamFirstToken).toBeGreaterThan(0);
    // The first timer may fire at once, the others take a millisecond each.
    expect(phases.upstreamStreaming).toBeGreaterThan(TOKENS - 2);
  });

  it('come back only where they are wanted', async () => {
    const { client, records } = await start(speaks);
    expect((await run(client().handler).sink.done).phases).toBeUndefined();
    expect(records.length).toBe(1);
  });

  it('count a request from the read that completed it', async () => {
    const { gateway } = await start(speaks);
    const body = JSON.stringify({
      model: 'm',
      messages: [{ role: 'user', content: 'x' }],
      stream: true,
      metadata: { 'gatebench.phases': '1' },
    });
    const half = body.length >> 1;
    let completedAtMs = 0;
    const stream = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(Buffer.from(body.slice(0, half)));
        await new Promise((resolve) => setTimeout(resolve, 40));
        completedAtMs = nowNs() / 1e6;
        controller.enqueue(Buffer.from(body.slice(half)));
        controller.close();
      },
    });
    const response = await fetch(`http://127.0.0.1:${gateway.ports.gateway}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: stream,
      duplex: 'half',
    } as RequestInit);
    const [, json] = /"phases":(\{[^}]*\})/.exec(await response.text())!;
    const phases = JSON.parse(json!) as Record<string, number>;
    expect(phases.receivedAtMs).toBeGreaterThan(completedAtMs);
    expect(phases.admission).toBeLessThan(20);
  });

  it('sum over the rounds of an agent that uses tools', async () => {
    let asked = 0;
    const calls: Handler = (_turn, sink) => {
      asked += 1;
      const ordinal = asked;
      setTimeout(() => {
        if (ordinal === 1) {
          sink.push({ type: 'toolCall', index: 0, id: 'c1', name: 'list_files', arguments: '{}' }, 0);
          sink.push({ type: 'end', outcome: { kind: 'completed', finish: 'toolCalls' } }, 0);
        } else {
          sink.push({ type: 'text', text: 'done' }, 0);
          sink.push(COMPLETED, 0);
        }
      }, 40);
      return { resume() {}, cancel() {} };
    };
    const { client, records } = await start(calls, { acp: { codex: { tools: ['list_files'] } } });
    const phases = await phasesOf(client());
    expect(asked).toBe(2);
    expect(phases.upstreamFirstToken).toBeGreaterThanOrEqual(2 * 39);
    expect(phases.upstreamFirstToken! + phases.agent!).toBeLessThanOrEqual(phases.sentAtMs! - phases.receivedAtMs!);
    const { stamps } = records[0]!;
    // The first request; the last content of the last.
    expect(stamps.upstreamLastNs - stamps.upstreamSentNs).toBeGreaterThanOrEqual(2 * 39e6);
    expect(stamps.upstreamFirstNs - stamps.upstreamSentNs).toBeLessThan(stamps.upstreamLastNs - stamps.upstreamSentNs - 39e6);
  });
});

describe.each(['inline', 'thread'] as const)('a record (%s)', (execution) => {
  const pool = { execution, threadPool: { minThreads: 1, maxThreads: 1, turnsPerThread: 1, queueSize: 0 } };

  it('has stamps in the order in which they were taken', async () => {
    const { client, records } = await start(speaks, { agents: pool });
    await phasesOf(client(), { agent: 'codex', traceparent: '00-0123456789abcdef0123456789abcdef-0123456789abcdef-00' });
    expect(records).toMatchObject([
      {
        agent: 'codex',
        execution,
        unit: execution === 'inline' ? null : 'agent-1',
        outcome: { kind: 'completed' },
        usage: COMPLETED.usage,
        traceparent: '00-0123456789abcdef0123456789abcdef-0123456789abcdef-00',
        sampled: false,
      },
    ]);
    // From a thread, text that came in one pass comes as one.
    const { textEvents } = records[0]!;
    if (execution === 'inline') expect(textEvents).toBe(TOKENS);
    else expect(textEvents).toBeGreaterThan(0);
    const { queuedNs, ...rest } = records[0]!.stamps;
    expect(queuedNs).toBe(0);
    const inOrder = Object.values(rest);
    expect(inOrder.length).toBe(9);
    expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
    expect(inOrder[0]).toBeGreaterThan(0);
  });

  it('is made of turns that were refused, cancelled, timed out, or failed', async () => {
    const { handler, next } = driven();
    const { client, records } = await start(handler, { agents: pool, turnTimeoutMs: 100 });
    const one = client();
    const refused = await run(one.handler, { agent: 'nobody', want: { phases: true } }).sink.done;
    expect(refused.outcome.kind).toBe('refused');
    expect(records[0]).toMatchObject({ agent: '', execution, unit: null, stamps: { admittedNs: 0, dispatchedNs: 0, agentStartedNs: 0 } });
    expect(records[0]!.phases.admission).toBeGreaterThan(0);
    const failed = run(one.handler);
    (await next()).sink.push({ type: 'end', outcome: { kind: 'failed', code: 'upstream_error', message: 'm' } }, 0);
    await failed.sink.done;
    const cancelled = run(one.handler);
    const turn = await next();
    turn.sink.push({ type: 'text', text: 'a' }, 0);
    await until(() => cancelled.sink.text === 'a');
    cancelled.running.cancel();
    await until(() => records.length === 3);
    const late = run(one.handler);
    await late.sink.done;
    expect(records.map(({ outcome }) => outcome.kind)).toEqual(['refused', 'failed', 'cancelled', 'timedOut']);
    for (const { stamps, phases } of records) {
      const wholeMs = (stamps.endedNs - stamps.readNs) / 1e6;
      const sumMs = GATEWAY_PHASES.reduce((sum, name) => sum + phases[name], 0);
      expect(sumMs).toBeLessThan(wholeMs + 0.01);
      for (const name of GATEWAY_PHASES) expect(phases[name]).toBeGreaterThanOrEqual(0);
    }
    // What waited for the LLM until its time was up says so, where the agent can be looked at.
    if (execution === 'inline') expect(records[3]!.phases.upstreamFirstToken).toBeGreaterThan(90);
    expect(records[2]!.textEvents).toBe(1);
  });
});

describe('an observer that throws', () => {
  it('harms neither the turn nor the others', async () => {
    const told: string[] = [];
    const errors: unknown[] = [];
    const handler = phased(
      {
        execution: 'inline',
        observers: [
          () => {
            throw new Error('boom');
          },
          ({ outcome }) => told.push(outcome.kind),
        ],
        onObserverError: (_turn, error) => errors.push(error),
      },
      says(COMPLETED),
    );
    const { sink } = run(handler);
    expect(sink.events).toEqual([COMPLETED]);
    expect(told).toEqual(['completed']);
    expect(errors).toEqual([new Error('boom')]);
  });
});

describe('what a thread or process claims', () => {
  const spent: AgentSpent = {
    type: 'spent',
    ...{ startedNs: 0, endedNs: 0, sentNs: 0, firstNs: 0, lastNs: 0 },
    ...{ agentNs: 0, upstreamFirstTokenNs: 0, upstreamStreamingNs: 0, backPressureNs: 0 },
  };

  it.each<[string, boolean, (nowNs: number) => Partial<AgentSpent>]>([
    ['is taken where it can be', true, (now) => ({ startedNs: now, endedNs: now + 1e6, agentNs: 1e6 })],
    ['is dropped where its parts are longer than the whole', false, (now) => ({ startedNs: now, endedNs: now + 1e6, agentNs: 1e6 + 1 })],
    ['is dropped where it began before it was handed over', false, (now) => ({ startedNs: now - 2e6, endedNs: now, agentNs: 1e6 })],
    ['is dropped where it ended in the future', false, (now) => ({ startedNs: now, endedNs: now + 9e9, agentNs: 1e6 })],
    ['is dropped where it is no number', false, (now) => ({ startedNs: now, endedNs: now + 1e6, agentNs: Number.NaN })],
  ])('%s', (_what, taken, claim) => {
    const records: TurnRecord[] = [];
    const inner: Handler = (turn, sink) => {
      const marks = marksOf(turn);
      marks.dispatchedNs = nowNs() - 3e6;
      marks.spent = { ...spent, ...claim(marks.dispatchedNs) };
      sink.push(COMPLETED, 0);
      return OVER;
    };
    run(phased({ execution: 'thread', observers: [(record) => records.push(record)], onObserverError: () => {} }, inner));
    expect(records[0]!.phases.agent).toBe(taken ? 1 : 0);
  });
});
