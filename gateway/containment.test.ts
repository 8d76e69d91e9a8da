/**
 * What threads and processes hold of agents that misbehave, against `docs/containment.md`: every row of its table is
 * played on a real gateway, with an innocent turn beside the hostile one and one elsewhere, and must come out as the
 * table says. All rows of a mode share one gateway, which is started anew where a row has ended it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Execution } from '../transports/contract.ts';
import { INLINE_ROWS, ROWS, type Row, type Shown, tableIn, tableOf } from './testing/hostile/rows.ts';
import { type Limits, Stage } from './testing/hostile/stage.ts';

const DOCUMENT = new URL('../docs/containment.md', import.meta.url);
const PLAY_TIMEOUT_MS = 30_000;
/** Rows wait for those before them. */
const ROW_TIMEOUT_MS = 180_000;

class Program {
  readonly #mode: Execution;
  readonly #rows: readonly Row[];
  readonly #stages: Stage[] = [];
  readonly #shown = new Map<string, Promise<Shown>>();
  #ended: Promise<void> | undefined;

  constructor(mode: Execution, rows: readonly Row[]) {
    this.#mode = mode;
    this.#rows = rows;
  }

  /** Plays one row after the other; rows with limits of their own beside the others, on a gateway of their own. */
  begin(): void {
    this.#play(this.#rows.filter(({ limits }) => !limits));
    for (const row of this.#rows.filter(({ limits }) => limits)) this.#play([row], row.limits);
  }

  shown(row: Row): Promise<Shown> {
    return this.#shown.get(row.does)!;
  }

  #play(rows: readonly Row[], limits?: Partial<Limits>): void {
    const opened = Stage.open(this.#mode, limits).then((stage) => {
      this.#stages.push(stage);
      return stage;
    });
    let before: Promise<unknown> = opened;
    for (const row of rows) {
      const shown = before.then(() => opened).then((stage) => within(row.play(stage)));
      this.#shown.set(row.does, shown);
      before = shown.catch(() => {});
    }
  }

  /** Of all its gateways, which have ended by then. Lines that V8 wrote when it gave up are none of the log's. */
  get log(): Record<string, unknown>[] {
    const lines = this.#stages.flatMap(({ log }) => log.split('\n'));
    return lines.filter((line) => line.startsWith('{"level"')).map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    await Promise.allSettled(this.#shown.values());
    await Promise.all(this.#stages.map((stage) => stage.close()));
  }
}

async function within<T>(promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not played to its end within ${PLAY_TIMEOUT_MS} ms`)), PLAY_TIMEOUT_MS);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const PROGRAMS = {
  thread: new Program('thread', ROWS),
  process: new Program('process', ROWS),
  inline: new Program('inline', INLINE_ROWS),
};

beforeAll(() => {
  for (const program of Object.values(PROGRAMS)) program.begin();
});
afterAll(() => Promise.all(Object.values(PROGRAMS).map((program) => program.end())), ROW_TIMEOUT_MS);

const CASES = (['thread', 'process', 'inline'] as const).map((mode) => ({ mode, rows: mode === 'inline' ? INLINE_ROWS : ROWS }));

describe.each(CASES)('in mode $mode, an agent that', ({ mode, rows }) => {
  it.each(rows.map((row) => [row.does, row] as const))(
    '%s',
    async (_does, row) => {
      const claim = row.claims[mode]!;
      const { ended, held, neighbour, elsewhere, gateway } = await PROGRAMS[mode].shown(row);
      expect({ held, turn: ended.code, beside: neighbour, gateway, elsewhere }).toEqual({
        held: claim.held,
        turn: claim.turn,
        beside: claim.beside,
        gateway: claim.gatewayEnds ? 'ends' : 'goes on',
        // Begun before the hostile turn, and given no longer.
        elsewhere: claim.gatewayEnds ? 'connection_lost' : claim.turn === 'timedOut' ? 'timedOut' : 'goes on',
      });
    },
    ROW_TIMEOUT_MS,
  );
});

describe.each(['thread', 'process'] as const)('a turn that is stopped in mode %s', (mode) => {
  it(
    'says why to its client and in the log, and is counted',
    async () => {
      const { ended, stopped } = await PROGRAMS[mode].shown(ROWS[0]!);
      expect(ended.message).toMatch(/^\d\.\d s of processor time, where 1\.0 s are allowed$/);
      expect(stopped).toBe(1);
      await PROGRAMS[mode].end();
      const lines = PROGRAMS[mode].log.filter((line) => line.msg === 'a turn exceeded a quota');
      expect(lines[0]).toMatchObject({ agent: 'codex', used: ended.message, turn: expect.stringMatching(/^t/), unit: expect.any(String) });
    },
    ROW_TIMEOUT_MS,
  );
});

describe('the document', () => {
  it('claims what is tested, no more and no less', () => {
    expect(tableIn(DOCUMENT, 'Threads and processes')).toEqual(tableOf(ROWS, ['thread', 'process']));
    expect(tableIn(DOCUMENT, 'On the main thread')).toEqual(tableOf(INLINE_ROWS, ['inline']));
  });
});
