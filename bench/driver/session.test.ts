import { describe, expect, test } from 'vitest';
import type { Handler, Turn } from '../../transports/contract.ts';
import { readMarker, sessionName, turnKey } from '../ledger/rows.ts';
import type { TrialSpec } from '../trial.ts';
import { Prompts, UNITS_MAX } from './prompts.ts';
import { COMPLETED, end, MS, runTrial, SPEC, scripted, WORKLOAD } from './testing/trials.ts';
import type { World } from './testing/world.ts';

/** One session of three turns, and the requests that came of it. */
async function conversation(workload: Partial<TrialSpec['workload']>, answer: (turn: Turn, nth: number) => Parameters<typeof end>) {
  const turns: Turn[] = [];
  const spec: TrialSpec = {
    ...SPEC,
    load: { kind: 'open', sessionsPerSecond: 1, arrivals: { process: 'constant' } },
    workload: { ...WORKLOAD, turnsPerSession: 3, ...workload },
  };
  const handler = (world: World): Handler =>
    scripted(world, (turn, sink) => {
      turns.push(turn);
      const last = end(...answer(turn, turns.length));
      world.after(10 * MS, () => {
        if (last.outcome.kind === 'completed') {
          sink.push({ type: 'text', text: `reply ` }, world.nowNs());
          sink.push({ type: 'text', text: String(turns.length) }, world.nowNs());
        }
        sink.push(last, world.nowNs());
      });
    });
  const finished = await runTrial(spec, handler);
  /** The user's messages by the turn in their marker, the others as they are. */
  const inputs = turns.map(({ input }) =>
    input.map(({ role, content }) => (role === 'user' ? Number(readMarker(content)?.key.split('.').at(-1)) : content)),
  );
  return { ...finished, turns, inputs };
}
const lost = { kind: 'refused', status: 404, code: 'previous_response_not_found', message: '' } as const;

describe('requests', () => {
  test('a message is its marker and then text of the length that was drawn', async () => {
    const { turns } = await conversation({ agent: 'codex', execution: 'thread', phases: true }, () => [COMPLETED]);
    const { content } = turns[0]!.input[0]!;
    expect(content).toMatch(/^\[gatebench key=trial\.1\.0\.0 tokens=5\] 10 tokens of /);
    expect(readMarker(content)).toEqual({ key: 'trial.1.0.0', tokens: 5 });
    expect({ ...turns[0], input: [] }).toEqual({
      key: 'trial.1.0.0',
      model: 'fast',
      input: [],
      outputTokensMax: 5,
      session: 'trial.0',
      agent: 'codex',
      execution: 'thread',
      want: { phases: true },
    });
  });

  test('do not limit a reply where several make a turn', async () => {
    const { turns } = await conversation({ unlimited: true }, () => [COMPLETED]);
    expect(turns[0]).not.toHaveProperty('outputTokensMax');
    expect(readMarker(turns[0]!.input[0]!.content)).toEqual({ key: 'trial.1.0.0', tokens: 5 });
  });

  test('the longest key that a trial can make fits into a marker', () => {
    const key = turnKey('i'.repeat(32), Number.MAX_SAFE_INTEGER, sessionName('beside', 9_999_999_999), 999);
    expect(readMarker(`[gatebench key=${key} tokens=9999999]`)?.key).toBe(key);
  });
});

describe('full history', () => {
  test('sends the conversation again, with the replies that were received', async () => {
    const { inputs, turns } = await conversation({}, (_turn, nth) => [COMPLETED, { responseId: `r${nth}` }]);
    expect(inputs).toEqual([[0], [0, 'reply 1', 1], [0, 'reply 1', 1, 'reply 2', 2]]);
    expect(turns.every(({ previousResponseId }) => previousResponseId === undefined)).toBe(true);
  });

  test('leaves out turns that did not complete', async () => {
    const { inputs } = await conversation({}, (_turn, nth) => [nth === 2 ? { kind: 'failed', code: 'bad_reply', message: '' } : COMPLETED]);
    expect(inputs).toEqual([[0], [0, 'reply 1', 1], [0, 'reply 1', 2]]);
  });
});

describe('delta history', () => {
  test('sends the new message and the id of the response before', async () => {
    const { inputs, turns, result } = await conversation({ history: 'delta' }, (_turn, nth) => [COMPLETED, { responseId: `r${nth}` }]);
    expect(inputs).toEqual([[0], [1], [2]]);
    expect(turns.map(({ previousResponseId }) => previousResponseId)).toEqual([undefined, 'r1', 'r2']);
    expect(result.codes).toEqual({});
  });

  test('goes back to the last response that completed', async () => {
    const { turns } = await conversation({ history: 'delta' }, (_turn, nth) => [
      nth === 2 ? { kind: 'failed', code: 'bad_reply', message: '' } : COMPLETED,
      { responseId: `r${nth}` },
    ]);
    expect(turns.map(({ previousResponseId }) => previousResponseId)).toEqual([undefined, 'r1', 'r1']);
  });

  test('sends in full when the id is not known any more: the same turn, once, counted', async () => {
    const { inputs, turns, result, arrivals } = await conversation({ history: 'delta' }, (turn, nth) => [
      turn.previousResponseId === 'r1' ? lost : COMPLETED,
      { responseId: `r${nth}` },
    ]);
    expect(inputs).toEqual([[0], [1], [0, 'reply 1', 1], [2]]);
    expect(turns.map(({ previousResponseId }) => previousResponseId)).toEqual([undefined, 'r1', undefined, 'r3']);
    expect(result.turns).toMatchObject({ offered: 3, completed: 3 });
    expect(result.codes).toEqual({ delta_fallback: 1 });
    // From the intended start, the refusal included.
    expect(arrivals.rows[1]!.endedNs - arrivals.rows[1]!.intendedNs).toBe(20 * MS);
  });

  test('refused in full too, the turn is refused', async () => {
    const { turns, result } = await conversation({ history: 'delta' }, (_turn, nth) => [
      nth === 1 ? COMPLETED : lost,
      { responseId: `r${nth}` },
    ]);
    expect(turns.length).toBe(1 + 2 + 2);
    expect(result.turns).toMatchObject({ offered: 3, completed: 1, refused: 2 });
    expect(result.codes).toEqual({ previous_response_not_found: 2, delta_fallback: 2 });
  });

  test('an id that does not stand for the whole conversation any more is not used', async () => {
    const { inputs, result } = await conversation({ history: 'delta' }, (_turn, nth) =>
      nth === 1 ? [COMPLETED, { responseId: 'r1' }] : [COMPLETED],
    );
    expect(inputs).toEqual([[0], [1], [0, 'reply 1', 1, 'reply 2', 2]]);
    expect(result.codes).toEqual({ delta_fallback: 1 });
  });

  test('a turn sent in full after a refusal can still be cancelled', async () => {
    // Refused before the handler has returned, and then nothing: it is the second attempt that must be told.
    const cancelled: number[] = [];
    let attempts = 0;
    const spec = { ...SPEC, turnTimeoutMs: 200, workload: { ...WORKLOAD, history: 'delta' as const, turnsPerSession: 2 } };
    const load = { kind: 'closed', users: 1, spreadMs: 0 } as const;
    await runTrial({ ...spec, load }, (world) => (turn, sink) => {
      attempts += 1;
      const attempt = attempts;
      if (attempt === 1) sink.push(end(COMPLETED, { responseId: 'r1' }), world.nowNs());
      else if (turn.previousResponseId !== undefined) sink.push(end(lost), world.nowNs());
      return { resume() {}, cancel: () => void cancelled.push(attempt) };
    });
    expect(cancelled[0]).toBe(3);
  });

  test('is full, and says so, where replies have no id', async () => {
    const { inputs, result } = await conversation({ history: 'delta' }, () => [COMPLETED]);
    expect(inputs).toEqual([[0], [0, 'reply 1', 1], [0, 'reply 1', 1, 'reply 2', 2]]);
    expect(result.codes).toEqual({ delta_fallback: 2 });
  });
});

describe('prompts', () => {
  const counting = () => {
    const made: string[] = [];
    const prompts = new Prompts(1, (seed, tokens) => {
      made.push(seed);
      return `${seed}:`.padEnd(tokens, 'x');
    });
    return { made, prompts };
  };

  test('are made once and differ between neighbouring turns and sessions', () => {
    const { made, prompts } = counting();
    const texts = Array.from({ length: 16 }, (_, turn) => prompts.text(0, turn, 100));
    expect(new Set(texts).size).toBe(16);
    expect(prompts.text(1, 0, 100)).not.toBe(prompts.text(0, 0, 100));
    expect(prompts.text(0, 16, 100)).toBe(texts[0]);
    expect(made.length).toBe(16);
  });

  test('that do not fit are made anew, and are the same', () => {
    const { made, prompts } = counting();
    prompts.text(0, 0, UNITS_MAX - 50);
    const texts = [prompts.text(0, 1, 100), prompts.text(0, 1, 100)];
    expect(texts[0]).toBe(texts[1]);
    expect(made.length).toBe(3);
  });
});
