import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveEvent, LiveSample } from '../dashboards/live/feed.ts';
import { GATEWAY_PHASES, type GatewayPhase } from '../transports/phases.ts';
import { Live } from './live.ts';
import { LoopDelay } from './loop-delay.ts';
import type { TurnRecord } from './turn-record.ts';

let nowMs: number;
let tick: (() => void) | undefined;
let cpuNs: number;
let live: Live;
let server: Server;
beforeEach(async () => {
  nowMs = 1_000_000;
  tick = undefined;
  cpuNs = 5e6;
  live = new Live(
    {
      address: () => '127.0.0.1:18789',
      inFlight: () => 3,
      connections: () => 9,
      pools: () => [{ waiting: 2, units: [{ name: 'agent-1', state: 'busy', turns: 3, cpuNs }] }],
      draining: () => false,
      loopDelay: new LoopDelay(),
    },
    {
      nowMs: () => nowMs,
      every: (_ms, act) => {
        tick = act;
        return () => {
          tick = undefined;
        };
      },
    },
  );
  server = createServer((request, response) => {
    const answer = live.pages['/live']!.GET!({ rest: '', query: new URL(request.url!, 'http://x').searchParams });
    if ('stream' in answer) answer.stream(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  live.start();
});
afterEach(async () => {
  live.stop();
  await new Promise((resolve) => server.close(resolve));
});

/** A turn of 100 ms whose first content came after 40. */
function record(over: Partial<TurnRecord> = {}): TurnRecord {
  const ms = (at: number) => 1e9 + at * 1e6;
  const phases = Object.fromEntries(GATEWAY_PHASES.map((name) => [name, 0])) as Record<GatewayPhase, number>;
  return {
    turn: { key: 'ws-1', model: 'm', input: [], want: { phases: false } },
    agent: 'relay',
    execution: 'thread',
    unit: 'agent-1',
    outcome: { kind: 'completed', finish: 'stop' },
    usage: { inputTokens: 1, outputTokens: 20 },
    textEvents: 20,
    stamps: {
      readNs: ms(0),
      admittedNs: ms(1),
      queuedNs: 0,
      dispatchedNs: ms(1),
      agentStartedNs: ms(2),
      upstreamSentNs: ms(3),
      upstreamFirstNs: ms(40),
      upstreamLastNs: ms(98),
      lastPushedNs: ms(99),
      endedNs: ms(100),
    },
    phases: { ...phases, admission: 1, upstreamFirstToken: 37, upstreamStreaming: 58 },
    traceparent: undefined,
    sampled: false,
    span: undefined,
    ...over,
  };
}

function second(): void {
  nowMs += 1_000;
  tick?.();
}

/** Events of one who comes now, until there are so many. */
function events(count: number, query = ''): Promise<LiveEvent[]> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const asked = get({ port, path: `/live${query}`, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        const blocks = text.split('\n\n').slice(0, -1);
        if (blocks.length < count) return;
        resolve(blocks.map((block) => JSON.parse(block.slice('data: '.length)) as LiveEvent));
        asked.destroy();
      });
      response.on('error', () => {});
    });
    asked.on('error', reject);
  });
}

describe('the gateway’s live feed', () => {
  it('says each second how many turns ended, how long they took, and how the gateway is', async () => {
    for (let n = 0; n < 4; n += 1) live.observe(record());
    live.observe(record({ outcome: { kind: 'refused', status: 429, code: 'queue_full', message: 'full' }, usage: undefined }));
    cpuNs += 1e9;
    second();
    const [hello] = await events(1);
    const [sample] = hello?.type === 'hello' ? hello.hello.samples : [];
    expect(sample).toMatchObject({
      atMs: nowMs,
      spanMs: 1_000,
      trial: null,
      load: { ended: { completed: 4, refused: 1, failed: 0 }, inFlight: 3, tokens: 80, phasesMs: { admission: 1, upstreamFirstToken: 37 } },
      gateway: { connections: 9, inFlight: 3, waiting: 2 },
    } satisfies DeepPartial<LiveSample>);
    // A histogram of three digits.
    expect(sample?.load?.turnMs?.p50).toBeCloseTo(100, 0);
    expect(sample?.load?.firstTokenMs?.p99).toBeCloseTo(40, 0);
    expect(sample?.gateway?.units.map(({ name, state, turns }) => [name, state, turns])).toEqual([
      ['main', 'running', 3],
      ['agent-1', 'busy', 3],
    ]);
    expect(sample?.gateway?.units[1]?.cpu).toBeGreaterThan(0);
  });

  it('keeps the slowest turn with its trace, and one that failed with its code', async () => {
    live.observe(record());
    live.observe(record({ turn: { ...record().turn, key: 'ws-2' }, outcome: { kind: 'failed', code: 'upstream_error', message: 'gone' } }));
    second();
    const [hello] = await events(1);
    const turns = hello?.type === 'hello' ? hello.hello.turns : [];
    expect(turns.map(({ key, outcome, code, durationMs, firstTokenMs }) => [key, outcome, code, durationMs, firstTokenMs])).toEqual([
      ['ws-2', 'failed', 'upstream_error', 100, 40],
      ['ws-1', 'completed', null, 100, 40],
    ]);
    expect(turns[1]?.spans.map(({ name, startMs, durationMs, parent }) => [name, startMs, durationMs, parent])).toEqual([
      ['invoke_agent relay', 0, 100, null],
      ['admission', 0, 1, 0],
      ['upstreamFirstToken', 3, 37, 0],
      ['upstreamStreaming', 40, 58, 0],
    ]);
  });

  it('leaves the past away for one who does not want it', async () => {
    live.observe(record());
    second();
    const [hello] = await events(1, '?past=0');
    expect(hello).toMatchObject({ type: 'hello', hello: { source: 'gateway', title: 'gateway 127.0.0.1:18789', samples: [], turns: [] } });
  });

  it('takes no more samples once it is stopped', () => {
    live.stop();
    expect(tick).toBeUndefined();
  });
});

type DeepPartial<T> = T extends object ? { [Key in keyof T]?: DeepPartial<T[Key]> } : T;
