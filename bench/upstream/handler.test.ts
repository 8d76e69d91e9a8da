import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Turn } from '../../transports/contract.ts';
import { TokenColumns } from '../ledger/columns.ts';
import type { LedgerRow } from '../ledger/rows.ts';
import { Upstream } from './handler.ts';
import { FakeWaiting } from './testing/fake-waiting.ts';
import { ARRIVED_SSE, Recorder, turnOf } from './testing/turns.ts';

import { loadText, TextRing } from './text.ts';

/** What a row says of an arrival: its own stamp has a name of its own. */
const { readAtNs: _, ...WRITTEN_SSE } = ARRIVED_SSE;

let text: TextRing;
beforeAll(async () => {
  text = await loadText();
});
const folder = mkdtempSync(join(tmpdir(), 'gatebench-upstream-'));
afterAll(() => rmSync(folder, { recursive: true }));

const MS = 1e6;
const FIXED = 'fixed@ttftMs=50,tpotMs=20';

function setUp({ ring = text, flushMs = 0 } = {}) {
  const waiting = new FakeWaiting({ roundNs: 100 });
  const upstream = new Upstream({ text: ring, pacing: 'spin', waiting, flush: () => {}, flushMs });
  const say = (turn: Turn, prepare?: (recorder: Recorder) => void) => Recorder.of(upstream, turn, waiting.nowNs, prepare);
  const ledger = () => {
    const path = join(folder, 'ledger');
    upstream.ledger.save(path);
    return TokenColumns.load<LedgerRow>(path);
  };
  return { waiting, upstream, say, ledger };
}

/** As a server does that writes each event at once. */
function writesAtOnce(nowNs: () => number) {
  return (recorder: Recorder) => {
    recorder.onEvent = (event) => {
      if (event.type === 'text') recorder.running.written?.(nowNs());
    };
  };
}

describe('a reply', () => {
  test('starts at once, emits at its planned times, and ends with its last token', () => {
    const { waiting, say } = setUp();
    const reply = say(turnOf(FIXED, 'hello [gatebench key=k1 tokens=5]'));
    expect(reply.types).toEqual(['started']);
    waiting.runUntil(1_000 * MS);
    expect(reply.textTimesMs).toEqual([50, 70, 90, 110, 130]);
    expect(reply.text).toBe(text.textOf('k1', 5).piece(0, 5));
    expect(Math.round(reply.events.at(-1)!.atMs)).toBe(130);
    expect(reply.end).toMatchObject({ outcome: { kind: 'completed', finish: 'stop' }, usage: { outputTokens: 5 } });
    expect(reply.end?.usage?.inputTokens).toBe(text.promptTokens(['hello [gatebench key=k1 tokens=5]']));
    expect(waiting.idle).toBe(true);
  });

  test('has as many tokens an event as the model says', () => {
    const { waiting, say } = setUp();
    const reply = say(turnOf(`${FIXED},chunk=5`, '[gatebench key=k1 tokens=12]'));
    waiting.runUntil(1_000 * MS);
    expect(reply.textTimesMs).toEqual([50, 150, 190]);
    expect(reply.text).toBe(text.textOf('k1', 12).piece(0, 12));
  });

  test('is as long as the model says when the marker does not', () => {
    const { waiting, say } = setUp();
    const reply = say(turnOf(`${FIXED},tokens=7`, '[gatebench key=k1]'));
    waiting.runUntil(1_000 * MS);
    expect(reply.end?.usage?.outputTokens).toBe(7);
  });

  test('without tokens ends when the first would have come', () => {
    const { waiting, say } = setUp();
    const reply = say(turnOf(FIXED, '[gatebench key=k1 tokens=0]'));
    waiting.runUntil(1_000 * MS);
    expect(reply.types).toEqual(['started', 'end']);
    expect(Math.round(reply.events[1]!.atMs)).toBe(50);
  });

  test('stops at the caller’s limit', () => {
    const { waiting, say } = setUp();
    const reply = say(turnOf(`${FIXED},tools=1`, '[gatebench key=k1 tokens=10]', { outputTokensMax: 3 }));
    const unlimited = say(turnOf(FIXED, '[gatebench key=k1 tokens=3]', { outputTokensMax: 3 }));
    waiting.runUntil(1_000 * MS);
    expect(reply.types).toEqual(['started', 'text', 'text', 'text', 'end']);
    expect(reply.end).toMatchObject({ outcome: { kind: 'completed', finish: 'length' }, usage: { outputTokens: 3 } });
    expect(unlimited.end).toMatchObject({ outcome: { finish: 'stop' } });
  });

  test('ends with tool calls where the model makes some', () => {
    const { waiting, say } = setUp();
    const reply = say(turnOf(`${FIXED},tools=2`, '[gatebench key=k1 tokens=1]'));
    waiting.runUntil(1_000 * MS);
    expect(reply.types).toEqual(['started', 'text', 'toolCall', 'toolCall', 'end']);
    const calls = reply.events.flatMap(({ event }) => (event.type === 'toolCall' ? [event] : []));
    expect(calls.map(({ index, name }) => [index, name])).toEqual([
      [0, 'read_file'],
      [1, 'read_file'],
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    expect(() => JSON.parse(calls[0]!.arguments)).not.toThrow();
    expect(reply.end).toMatchObject({ outcome: { finish: 'toolCalls' } });
    expect(reply.end?.usage?.outputTokens).toBe(1 + 2 * text.promptTokens([calls[0]!.name, calls[0]!.arguments]));
  });

  test('reads the marker of the last user message, and does without', () => {
    const { waiting, say, ledger } = setUp();
    const messages: Turn['input'] = [
      { role: 'user', content: '[gatebench key=old tokens=9]' },
      { role: 'assistant', content: '[gatebench key=mine tokens=8]' },
      { role: 'user', content: 'now [gatebench key=new tokens=2]' },
      { role: 'tool', content: '[gatebench key=tool tokens=8]', toolCallId: 'c' },
    ];
    say(turnOf(FIXED, '', { input: messages }));
    say(turnOf(`${FIXED},tokens=3`, 'no marker'));
    say(turnOf(`${FIXED},tokens=3`, 'no marker'));
    waiting.runUntil(1_000 * MS);
    const rows = ledger().rows.map(({ key, ordinal, count }) => [key.replace(/[\da-f]{16}$/, 'HASH'), ordinal, count]);
    expect(rows).toEqual([
      ['new', 0, 2],
      ['unmarked-HASH', 0, 3],
      ['unmarked-HASH', 1, 3],
    ]);
  });

  test('its timing is drawn from its key, whatever else goes on', () => {
    const model = 'fast@chunk=1';
    const alone = setUp();
    const first = alone.say(turnOf(model, '[gatebench key=same tokens=30]'));
    alone.waiting.runUntil(2_000 * MS);
    const busy = setUp();
    busy.say(turnOf(model, '[gatebench key=other tokens=30]'));
    const second = busy.say(turnOf(model, '[gatebench key=same tokens=30]'));
    busy.waiting.runUntil(2_000 * MS);
    const retry = busy.say(turnOf(model, '[gatebench key=same tokens=30]'));
    busy.waiting.runUntil(4_000 * MS);
    for (const [index, atMs] of first.textTimesMs.entries()) expect(Math.abs(second.textTimesMs[index]! - atMs)).toBeLessThan(0.01);
    expect(Math.abs(retry.textTimesMs[0]! - 2_000 - first.textTimesMs[0]!)).toBeGreaterThan(0.1);
    expect(retry.text).toBe(first.text);
  });

  test('is the same in every trial', () => {
    const { waiting, say } = setUp();
    const [first, second] = ['arm-1', 'arm-2'].map((trial) => say(turnOf('fast@chunk=1', `[gatebench key=${trial}.seed.3.0 tokens=9]`)));
    waiting.runUntil(1_000 * MS);
    expect(second!.text).toBe(first!.text);
    for (const [index, atMs] of first!.textTimesMs.entries()) expect(Math.abs(second!.textTimesMs[index]! - atMs)).toBeLessThan(0.01);
  });

  test('streams that emit together do so on one grid, whenever they began', () => {
    const { waiting, say } = setUp();
    const model = 'fast@ttftMs=50,tpotMs=5,chunk=1,arrivals=together';
    const first = say(turnOf(model, '[gatebench key=a tokens=20]'));
    waiting.runUntil(3.3 * MS);
    const second = say(turnOf(model, '[gatebench key=b tokens=20]'));
    waiting.runUntil(1_000 * MS);
    const times = [...first.textTimesMs, ...second.textTimesMs];
    expect(times).toHaveLength(40);
    // Within the rounds of the loop that the pass itself takes.
    for (const atMs of times) expect(atMs % 5).toBeLessThan(0.01);
  });
});

describe('an agent that runs the tools', () => {
  const model = `${FIXED},tools=2,tool=compute,toolMs=40,toolBlockMs=5,toolRounds=2`;
  const marker = '[gatebench key=trial.s.0.0 tokens=3]';

  /** Answers each reply's calls until a reply makes none. @returns what the model said, reply by reply. */
  function talk({ waiting, say }: ReturnType<typeof setUp>, history: 'full' | 'delta') {
    const replies: Recorder[] = [];
    let input: Turn['input'] = [{ role: 'user', content: marker }];
    for (let more: Partial<Turn> = { input }; replies.length < 9; ) {
      const reply = say(turnOf(model, '', more));
      waiting.runUntil(waiting.nowNs() + 1_000 * MS);
      replies.push(reply);
      const toolCalls = reply.events.flatMap(({ event }) => (event.type === 'toolCall' ? [event] : []));
      if (toolCalls.length === 0) break;
      const results = toolCalls.map(({ id }) => ({ role: 'tool', content: 'done', toolCallId: id }) as const);
      input = [...input, { role: 'assistant', content: reply.text, toolCalls }, ...results];
      more = history === 'full' ? { input } : { input: results, previousResponseId: reply.end!.responseId! };
    }
    return replies;
  }

  test.each(['full', 'delta'] as const)('%s history: calls for so many rounds, then stops; the turn keeps its key', (history) => {
    const world = setUp();
    const replies = talk(world, history);
    expect(replies.map(({ end }) => end?.outcome)).toEqual([
      { kind: 'completed', finish: 'toolCalls' },
      { kind: 'completed', finish: 'toolCalls' },
      { kind: 'completed', finish: 'stop' },
    ]);
    const calls = replies.flatMap(({ events }) => events.flatMap(({ event }) => (event.type === 'toolCall' ? [event] : [])));
    expect(calls.map((call) => [call.name, call.arguments])).toEqual(Array(4).fill(['compute', '{"ms":40,"blockMs":5}']));
    expect(new Set(calls.map(({ id }) => id)).size).toBe(4);
    expect(world.ledger().rows.map(({ key, round, ordinal, count }) => [key, round, ordinal, count])).toEqual([
      ['trial.s.0.0', 0, 0, 3],
      ['trial.s.0.0', 1, 0, 3],
      ['trial.s.0.0', 2, 0, 3],
    ]);
    expect(replies[2]!.end?.usage?.outputTokens).toBe(3);
  });

  test('rounds differ in text and timing, and are the same in both histories; the first is that of a turn without tools', () => {
    const of = (history: 'full' | 'delta') => talk(setUp(), history).map(({ text }) => text);
    expect(of('delta')).toEqual(of('full'));
    expect(new Set(of('full')).size).toBe(3);
    expect(of('full')[0]).toBe(text.textOf('s.0.0', 3).piece(0, 3));
  });

  test('a round that is tried again is the same round', () => {
    const { waiting, say, ledger } = setUp();
    const input: Turn['input'] = [
      { role: 'user', content: marker },
      { role: 'assistant', content: '', toolCalls: [{ id: 'c', name: 'compute', arguments: '{}' }] },
      { role: 'tool', content: 'done', toolCallId: 'c' },
    ];
    const replies = [1, 2].map(() => say(turnOf(model, '', { input })));
    waiting.runUntil(1_000 * MS);
    expect(ledger().rows.map(({ round, ordinal }) => [round, ordinal])).toEqual([
      [1, 0],
      [1, 1],
    ]);
    expect(replies[1]!.text).toBe(replies[0]!.text);
  });

  test('without a number of rounds every reply calls; with none, no reply does', () => {
    const { waiting, say } = setUp();
    const input: Turn['input'] = [
      { role: 'user', content: marker },
      ...Array.from({ length: 20 }, () => [{ role: 'assistant', content: '' } as const, { role: 'tool', content: 'done' } as const]).flat(),
    ];
    const replies = [`${FIXED},tools=1`, `${FIXED},tools=1,toolRounds=21`, `${FIXED},toolRounds=20`, `${FIXED},toolRounds=0`].map((name) =>
      say(turnOf(name, '', { input })),
    );
    waiting.runUntil(1_000 * MS);
    expect(replies.map(({ types }) => types.includes('toolCall'))).toEqual([true, true, false, false]);
    expect(replies.map(({ end }) => end?.outcome)).toMatchObject([
      { finish: 'toolCalls' },
      { finish: 'toolCalls' },
      { finish: 'stop' },
      { finish: 'stop' },
    ]);
  });

  test('a continued turn without the marker’s response is refused, and a new question begins a new turn', () => {
    const { waiting, say, ledger } = setUp();
    const results: Turn['input'] = [{ role: 'tool', content: 'done', toolCallId: 'c' }];
    const lost = say(turnOf(model, '', { input: results, previousResponseId: 'resp_unknown' }));
    expect(lost.end?.outcome).toMatchObject({ kind: 'refused', code: 'previous_response_not_found' });
    const first = say(turnOf(model, marker));
    waiting.runUntil(1_000 * MS);
    const input: Turn['input'] = [...results, { role: 'user', content: '[gatebench key=trial.s.0.1 tokens=1]' }];
    say(turnOf(model, '', { input, previousResponseId: first.end!.responseId! }));
    waiting.runUntil(2_000 * MS);
    expect(
      ledger()
        .rows.slice(1)
        .map(({ key, round }) => [key, round]),
    ).toEqual([
      ['trial.s.0.0', 0],
      ['trial.s.0.1', 0],
    ]);
  });
});

describe('responses are remembered', () => {
  test('a turn that names one need not send its history, and is charged for it', () => {
    const { waiting, say } = setUp();
    const first = say(turnOf(FIXED, 'one [gatebench key=k1 tokens=4]'));
    waiting.runUntil(1_000 * MS);
    const previousResponseId = first.end!.responseId!;
    const second = say(turnOf(FIXED, 'two [gatebench key=k2 tokens=4]', { previousResponseId }));
    waiting.runUntil(2_000 * MS);
    const own = text.promptTokens(['two [gatebench key=k2 tokens=4]']);
    expect(second.end?.usage?.inputTokens).toBe(first.end!.usage!.inputTokens + 4 + own);
  });

  test('an unknown one is refused; so is one that did not complete', () => {
    const { waiting, say } = setUp();
    const cancelled = say(turnOf(FIXED, '[gatebench key=k1 tokens=4]'));
    cancelled.running.cancel();
    for (const previousResponseId of ['resp_unknown', cancelled.end!.responseId!]) {
      const reply = say(turnOf(FIXED, '[gatebench key=k2 tokens=4]', { previousResponseId }));
      expect(reply.end?.outcome).toMatchObject({
        kind: 'refused',
        status: 400,
        code: 'previous_response_not_found',
        param: 'previous_response_id',
      });
    }
    expect(waiting.idle).toBe(true);
  });

  test('a turn that only prepares says nothing and can be continued', () => {
    const { waiting, say } = setUp();
    const warm = say(turnOf(`${FIXED},tools=2`, 'context [gatebench key=k1 tokens=4]', { generate: false }));
    waiting.runUntil(1 * MS);
    expect(warm.types).toEqual(['started', 'end']);
    expect(warm.end).toMatchObject({ outcome: { kind: 'completed', finish: 'stop' }, usage: { outputTokens: 0 } });
    const next = say(turnOf(FIXED, '[gatebench key=k2 tokens=1]', { previousResponseId: warm.end!.responseId! }));
    waiting.runUntil(1_000 * MS);
    expect(next.end?.outcome.kind).toBe('completed');
  });
});

describe('what cannot be done is refused', () => {
  test.each([
    ['nope@chunk=0,x=1', '[gatebench key=k]', 404, 'model_not_found', 'model'],
    [FIXED, '[gatebench key=k tokens=200001]', 400, 'invalid_request', 'input'],
    [FIXED, '[gatebench key=k fault=explode]', 400, 'invalid_request', 'input'],
  ])('%s with %s', (model, content, status, code, param) => {
    const { waiting, say, ledger } = setUp();
    const reply = say(turnOf(model, content));
    expect(reply.types).toEqual(['end']);
    expect(reply.end?.outcome).toMatchObject({ kind: 'refused', status, code, param });
    expect(ledger().rows).toMatchObject([{ key: 'k', outcome: 'refused', count: 0 }]);
    expect(waiting.idle).toBe(true);
    // The `Running` of a turn that is over takes everything and does nothing.
    reply.running.cancel();
    reply.running.resume();
    expect(reply.types).toEqual(['end']);
  });

  test('a bad model name is told all its problems', () => {
    const { say } = setUp();
    const { outcome } = say(turnOf('nope@chunk=0,x=1', '[gatebench key=k]')).end!;
    expect(outcome.kind === 'refused' && outcome.message).toMatch(/unknown profile "nope".*chunk is "0".*unknown key "x"/);
  });
});

describe('the consumer', () => {
  test('pauses and resumes: what fell due meanwhile follows at once, the rest keeps its plan', () => {
    const { waiting, say, upstream } = setUp();
    const reply = say(turnOf(FIXED, '[gatebench key=k1 tokens=8]', { arrival: ARRIVED_SSE }), (recorder) => {
      recorder.onEvent = (event) => {
        if (event.type === 'text') recorder.running.written?.(waiting.nowNs());
        recorder.takes = recorder.types.length !== 3;
      };
    });
    waiting.runUntil(125 * MS);
    expect(reply.textTimesMs).toEqual([50, 70]);
    expect(waiting.idle).toBe(true);
    reply.running.resume();
    reply.running.resume();
    waiting.runUntil(1_000 * MS);
    expect(reply.textTimesMs.map(Math.round)).toEqual([50, 70, 125, 125, 130, 150, 170, 190]);
    expect(reply.end?.outcome.kind).toBe('completed');
    // The pause was not the mock's doing.
    expect(upstream.ledger.lateness.maxMs()).toBeLessThan(0.01);
  });

  test('may ask for a pause before anything came', () => {
    const { waiting, say } = setUp();
    const reply = say(turnOf(FIXED, '[gatebench key=k1 tokens=2]'), (recorder) => {
      recorder.takes = false;
    });
    waiting.runUntil(500 * MS);
    expect(reply.types).toEqual(['started']);
    reply.takes = true;
    reply.running.resume();
    waiting.runUntil(501 * MS);
    expect(reply.types).toEqual(['started', 'text', 'text', 'end']);
  });

  test('cancels in mid-stream: one end, nothing after it', () => {
    const { waiting, say, upstream, ledger } = setUp();
    const reply = say(turnOf(FIXED, '[gatebench key=k1 tokens=8]', { arrival: ARRIVED_SSE }), writesAtOnce(waiting.nowNs));
    waiting.runUntil(95 * MS);
    reply.running.cancel();
    reply.running.cancel();
    reply.running.resume();
    waiting.runUntil(1_000 * MS);
    expect(reply.types).toEqual(['started', 'text', 'text', 'text', 'end']);
    expect(reply.end).toMatchObject({ outcome: { kind: 'cancelled' }, usage: { outputTokens: 3 } });
    expect(ledger().rows).toMatchObject([{ key: 'k1', outcome: 'cancelled', count: 3 }]);
    expect(upstream.counts()).toMatchObject({ turns: 1, inFlight: 0, tokens: 3, ended: { cancelled: 1 } });
  });

  test.each(['text', 'toolCall'])('cancels from within its own push of a %s', (type) => {
    const { waiting, say } = setUp();
    const reply = say(turnOf(`${FIXED},tools=2`, '[gatebench key=k1 tokens=2]'), (recorder) => {
      recorder.onEvent = (event) => {
        if (event.type === type) recorder.running.cancel();
      };
    });
    waiting.runUntil(1_000 * MS);
    expect(reply.types).toEqual(type === 'text' ? ['started', 'text', 'end'] : ['started', 'text', 'text', 'toolCall', 'end']);
    expect(reply.end?.outcome.kind).toBe('cancelled');
    expect(waiting.idle).toBe(true);
  });
});

describe('the ledger', () => {
  test('says when each token was written, and how it arrived', () => {
    const { waiting, say, ledger } = setUp();
    say(turnOf(`${FIXED},chunk=2`, '[gatebench key=k1 tokens=5]', { arrival: ARRIVED_SSE }), (recorder) => {
      recorder.onEvent = (event) => {
        if (event.type !== 'text') return;
        waiting.spend(0.25 * MS);
        recorder.running.written?.(waiting.nowNs());
      };
    });
    waiting.runUntil(1_000 * MS);
    const columns = ledger();
    const row = columns.rows[0]!;
    expect(row).toMatchObject({ key: 'k1', ordinal: 0, ...WRITTEN_SSE, receivedAtNs: 0, outcome: 'completed', count: 5 });
    const sentMs = [...columns.timesNsOf(row)].map((ns) => Math.round(ns / 1e3) / 1e3);
    expect(sentMs).toEqual([50.25, 50.25, 90.25, 90.25, 110.25]);
    expect(row.latenessNsMax / 1e3).toBeCloseTo(250, 0);
    expect([...columns.lengthsOf(row)]).toEqual([...text.textOf('k1', 5).cumulativeUnits(5)]);
  });

  test('a row waits for bytes that leave after the end was pushed, as on WebSockets', () => {
    const { waiting, upstream, say, ledger } = setUp();
    const arrival = { ...ARRIVED_SSE, transport: 'websocket' } as const;
    const reply = say(turnOf(FIXED, '[gatebench key=k1 tokens=2]', { arrival }));
    waiting.runUntil(1_000 * MS);
    expect(reply.end?.outcome.kind).toBe('completed');
    waiting.spend(3 * MS);
    reply.running.written?.(waiting.nowNs());
    reply.running.written?.(waiting.nowNs() + 1);
    const columns = ledger();
    expect(columns.rows).toHaveLength(1);
    expect([...columns.timesNsOf(columns.rows[0]!)]).toEqual([1_003 * MS, 1_003 * MS]);
    expect(upstream.ledger.lateness.count).toBe(2);
  });

  test('what was never written was not sent, and the row comes all the same', () => {
    const { waiting, say, ledger } = setUp();
    const reply = say(turnOf(FIXED, '[gatebench key=k1 tokens=3]', { arrival: ARRIVED_SSE }));
    waiting.runUntil(60 * MS);
    reply.running.written?.(waiting.nowNs());
    waiting.runUntil(1_000 * MS);
    expect(ledger().rows).toMatchObject([{ key: 'k1', outcome: 'completed', count: 1 }]);
    reply.running.written?.(waiting.nowNs());
    expect(ledger().rows).toHaveLength(1);
  });

  test('a whole reply is sent at its end, and late only where its making was', () => {
    const { waiting, upstream, say, ledger } = setUp();
    const arrival = { ...ARRIVED_SSE, transport: 'http' } as const;
    say(turnOf(FIXED, '[gatebench key=k1 tokens=3]', { arrival }), (recorder) => {
      recorder.onEvent = (event) => {
        if (event.type === 'end') recorder.running.written?.(waiting.nowNs());
      };
    });
    waiting.runUntil(1_000 * MS);
    const columns = ledger();
    expect([...columns.timesNsOf(columns.rows[0]!)].map((ns) => Math.round(ns / MS))).toEqual([90, 90, 90]);
    expect(upstream.ledger.lateness.maxMs()).toBeLessThan(0.01);
  });

  test('retries of a key are told apart; clearing starts anew', () => {
    const { waiting, upstream, say, ledger } = setUp();
    for (let call = 0; call < 3; call += 1) say(turnOf(FIXED, '[gatebench key=k1 tokens=1]'));
    waiting.runUntil(1_000 * MS);
    expect(
      ledger()
        .rows.map(({ ordinal }) => ordinal)
        .sort(),
    ).toEqual([0, 1, 2]);
    upstream.ledger.clear();
    say(turnOf(FIXED, '[gatebench key=k1 tokens=1]'));
    waiting.runUntil(2_000 * MS);
    expect(ledger().rows.map(({ ordinal }) => ordinal)).toEqual([0]);
  });

  test('a token inside a character is sent with the one that completes it, and not late for it', () => {
    const ring = new TextRing(['a', '', '', '界', 'b', 'c', 'd'], () => 0);
    const { waiting, upstream, say, ledger } = setUp({ ring });
    const key = Array.from({ length: 100 }, (_, index) => `k${index}`).find((name) => ring.textOf(name, 7).piece(0, 1) === 'a')!;
    const reply = say(turnOf(FIXED, `[gatebench key=${key} tokens=7]`, { arrival: ARRIVED_SSE }), writesAtOnce(waiting.nowNs));
    waiting.runUntil(1_000 * MS);
    expect(reply.textTimesMs).toEqual([50, 110, 130, 150, 170]);
    expect(reply.end?.usage?.outputTokens).toBe(7);
    const columns = ledger();
    const row = columns.rows[0]!;
    expect([...columns.timesNsOf(row)].map((ns) => Math.round(ns / MS))).toEqual([50, 110, 110, 110, 130, 150, 170]);
    expect([...columns.lengthsOf(row)]).toEqual([1, 2, 2, 2, 3, 4, 5]);
    expect(upstream.ledger.lateness.maxMs()).toBeLessThan(0.01);
  });
});

describe('faults on request', () => {
  const withFault = (fault: string, tokens = 6, more: Partial<Turn> = {}) => {
    const world = setUp();
    const turn = turnOf(FIXED, `[gatebench key=k1 tokens=${tokens} fault=${fault}]`, { arrival: ARRIVED_SSE, ...more });
    const reply = world.say(turn, writesAtOnce(world.waiting.nowNs));
    return { ...world, reply };
  };

  test('error-before: failed, and nothing started', () => {
    const { reply, ledger } = withFault('error-before');
    expect(reply.types).toEqual(['end']);
    expect(reply.end?.outcome).toMatchObject({ kind: 'failed', code: 'upstream_error' });
    expect(ledger().rows).toMatchObject([{ key: 'k1', outcome: 'failed', ...WRITTEN_SSE, count: 0 }]);
  });

  test.each([
    [429, 'rate_limited'],
    [503, 'queue_full'],
  ])('status@%i: refused with a time to retry after', (status, code) => {
    const { reply } = withFault(`status@${status}`);
    expect(reply.types).toEqual(['end']);
    expect(reply.end?.outcome).toMatchObject({ kind: 'refused', status, code, retryAfterS: 1 });
  });

  test.each([
    [0, 50],
    [3, 90],
    [6, 150],
    [99, 150],
  ])('error-mid@%i: fails after so many tokens', (tokens, atMs) => {
    const { reply, waiting, ledger } = withFault(`error-mid@${tokens}`);
    waiting.runUntil(1_000 * MS);
    expect(reply.textTimesMs).toHaveLength(Math.min(6, tokens));
    expect(reply.end?.outcome).toMatchObject({ kind: 'failed', code: 'upstream_error' });
    expect(Math.round(reply.events.at(-1)!.atMs)).toBe(atMs);
    expect(ledger().rows).toMatchObject([{ outcome: 'failed', count: Math.min(6, tokens) }]);
  });

  test('error-mid cuts a chunk to the token', () => {
    const { say, waiting } = setUp();
    const reply = say(turnOf(`${FIXED},chunk=5`, '[gatebench key=k1 tokens=20 fault=error-mid@7]'));
    waiting.runUntil(1_000 * MS);
    expect(reply.text).toBe(text.textOf('k1', 20).piece(0, 7));
    expect(reply.end?.usage?.outputTokens).toBe(7);
  });

  test('disconnect@2: the tokens leave first, then the connection is lost', () => {
    const { reply, waiting } = withFault('disconnect@2');
    waiting.runUntil(1_000 * MS);
    expect(reply.textTimesMs).toEqual([50, 70]);
    expect(reply.end?.outcome).toMatchObject({ kind: 'failed', code: 'connection_lost' });
    expect(reply.events.at(-1)!.atMs).toBeCloseTo(71, 1);
  });

  test('disconnect waits out the flush delay', () => {
    const { say, waiting } = setUp({ flushMs: 5 });
    const reply = say(turnOf(FIXED, '[gatebench key=k1 tokens=4 fault=disconnect@1]'));
    waiting.runUntil(1_000 * MS);
    expect(reply.events.at(-1)!.atMs).toBeCloseTo(56, 1);
  });

  test('stall@2:500: the tokens beyond wait, and the plan with them', () => {
    const { reply, waiting, upstream } = withFault('stall@2:500', 4);
    waiting.runUntil(1_000 * MS);
    expect(reply.textTimesMs).toEqual([50, 70, 590, 610]);
    expect(upstream.ledger.lateness.maxMs()).toBeLessThan(0.01);
  });

  test('oversize@5000: one event of that size, counted in the lengths but not as tokens', () => {
    const { reply, waiting, ledger } = withFault('oversize@5000', 3);
    waiting.runUntil(1_000 * MS);
    expect(reply.textTimesMs).toEqual([50, 50, 70, 90]);
    expect(reply.text.startsWith('x'.repeat(5_000))).toBe(true);
    const columns = ledger();
    expect(columns.rows[0]).toMatchObject({ count: 3 });
    expect(columns.lengthsOf(columns.rows[0]!).at(-1)).toBe(reply.text.length);
  });

  test('slow@2.5: all times are stretched', () => {
    const { reply, waiting } = withFault('slow@2.5', 3);
    waiting.runUntil(1_000 * MS);
    expect(reply.textTimesMs).toEqual([125, 175, 225]);
  });

  test('hang: nothing, until it is cancelled', () => {
    const { reply, waiting, upstream } = withFault('hang');
    waiting.runUntil(100_000 * MS);
    reply.running.resume();
    expect(reply.types).toEqual([]);
    expect(waiting.idle).toBe(true);
    expect(upstream.counts().inFlight).toBe(1);
    reply.running.cancel();
    expect(reply.types).toEqual(['end']);
    expect(reply.end?.outcome.kind).toBe('cancelled');
    expect(upstream.counts().inFlight).toBe(0);
  });
});

test('stopped, it emits nothing more and holds nothing', () => {
  const { waiting, upstream, say } = setUp();
  const reply = say(turnOf(FIXED, '[gatebench key=k1 tokens=5]'));
  waiting.runUntil(75 * MS);
  upstream.stop();
  waiting.runUntil(1_000 * MS);
  expect(reply.textTimesMs).toEqual([50, 70]);
  expect(waiting.idle).toBe(true);
});
