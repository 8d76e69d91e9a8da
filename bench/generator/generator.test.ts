import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SPEC } from '../driver/testing/trials.ts';
import type { GeneratorLine, TrialResult } from '../trial.ts';
import { connectionsAhead } from './clients.ts';
import { LineCutter } from './commands.ts';
import { Generator, LINE_CHARACTERS_MAX } from './generator.ts';
import type { TrialEnd } from './trial.ts';

/** A generator whose trials end when the test says so. */
function setting() {
  const lines: GeneratorLine[] = [];
  const begun: string[] = [];
  let finish: (end: TrialEnd) => void = () => {};
  let fault: (error: Error) => void = () => {};
  const generator = new Generator({
    emit: (line) => lines.push(line),
    runTrial: (spec, { onWindow }, signal) => {
      begun.push(spec.id);
      onWindow('start', 1);
      return new Promise((resolve, reject) => {
        finish = resolve;
        fault = reject;
        signal.addEventListener('abort', () => resolve({ ok: false, message: 'stopped' }));
      });
    },
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return {
    generator,
    lines,
    begun,
    tell: (command: object | string) => generator.take(`${typeof command === 'string' ? command : JSON.stringify(command)}\n`),
    finish: async (id: string) => {
      finish({ ok: true, result: { id } as TrialResult });
      await settled();
    },
    fault: async (error: Error) => {
      fault(error);
      await settled();
    },
    settled,
  };
}

describe('generator', () => {
  test('runs one trial after the other and tells of each', async () => {
    const { tell, lines, begun, finish } = setting();
    tell({ trial: { ...SPEC, id: 'a' } });
    await finish('a');
    tell({ trial: { ...SPEC, id: 'b' } });
    await finish('b');
    expect(begun).toEqual(['a', 'b']);
    expect(lines).toEqual([
      { window: 'start', id: 'a', atNs: 1 },
      { result: { id: 'a' } },
      { window: 'start', id: 'b', atNs: 1 },
      { result: { id: 'b' } },
    ]);
  });

  test('refuses a trial while another is under way', async () => {
    const { tell, lines, begun, finish } = setting();
    tell({ trial: { ...SPEC, id: 'a' } });
    tell({ trial: { ...SPEC, id: 'b' } });
    await finish('a');
    expect(begun).toEqual(['a']);
    expect(lines.slice(1)).toEqual([{ failed: { id: 'b', message: 'another trial is under way' } }, { result: { id: 'a' } }]);
  });

  test('stop ends the trial and not the generator', async () => {
    const { tell, lines, begun, settled } = setting();
    tell({ trial: { ...SPEC, id: 'a' } });
    tell({ stop: 1 });
    await settled();
    expect(lines.at(-1)).toEqual({ failed: { id: 'a', message: 'stopped' } });
    tell({ trial: { ...SPEC, id: 'b' } });
    expect(begun).toEqual(['a', 'b']);
  });

  test('close ends the trial, waits for its end, and takes no more', async () => {
    const { generator, tell, lines, begun } = setting();
    tell({ trial: { ...SPEC, id: 'a' } });
    await generator.close();
    expect(lines.at(-1)).toEqual({ failed: { id: 'a', message: 'stopped' } });
    tell({ trial: { ...SPEC, id: 'b' } });
    expect(begun).toEqual(['a']);
    expect(lines.at(-1)).toEqual({ failed: { id: 'b', message: 'the generator is ending' } });
  });

  test('a defect in a trial is a failure with its stack, and the generator goes on', async () => {
    const { tell, lines, begun, fault } = setting();
    tell({ trial: { ...SPEC, id: 'a' } });
    await fault(new Error('defect'));
    expect(lines.at(-1)).toEqual({ failed: { id: 'a', message: expect.stringMatching(/^Error: defect\n +at /) } });
    tell({ trial: { ...SPEC, id: 'b' } });
    expect(begun).toEqual(['a', 'b']);
  });

  test.each([
    { what: 'no JSON', line: '{"trial"', id: '', says: /^not JSON: / },
    { what: 'no object', line: '[]', id: '', says: /^expected \{"trial": …\} or \{"stop": 1\}$/ },
    { what: 'two commands', line: '{"stop":1,"trial":{}}', id: '', says: /^expected/ },
    {
      what: 'a bad spec, with its id and all problems',
      line: JSON.stringify({ trial: { ...SPEC, id: 'a', seed: 0.5, drainMs: -1 } }),
      id: 'a',
      says: /^seed: .*; drainMs: /,
    },
    { what: 'a spec without an id', line: '{"trial":7}', id: '', says: /expected an object/ },
  ])('answers $what', ({ line, id, says }) => {
    const { tell, lines, begun } = setting();
    expect(tell(line)).toBe(true);
    expect(lines).toEqual([{ failed: { id, message: expect.stringMatching(says) } }]);
    expect(begun).toEqual([]);
  });

  test('input without line ends is bounded', () => {
    const { generator, lines } = setting();
    expect(generator.take('x'.repeat(LINE_CHARACTERS_MAX))).toBe(true);
    expect(generator.take('x')).toBe(false);
    expect(lines.length).toBe(1);
  });
});

test('lines come out whole however they were cut', () => {
  const line = fc.string().map((text) => text.replaceAll('\n', ' '));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(20)), (lines, sizes) => {
      const cutter = new LineCutter(1_000);
      const text = lines.map((each) => `${each}\n`).join('');
      const got: string[] = [];
      let at = 0;
      for (const size of [...sizes, text.length]) {
        got.push(...cutter.push(text.slice(at, at + size))!);
        at += size;
      }
      expect(got).toEqual(lines.filter((each) => each.trim() !== ''));
    }),
  );
});

describe('connections opened ahead', () => {
  const closed = { kind: 'closed', users: 50, spreadMs: 0 } as const;
  test.each([
    { what: 'one a user of a shared pool', load: closed, connection: 'kept', rest: { keep: 'pool' }, connections: 50 },
    { what: 'a pool is shared unless said otherwise', load: closed, connection: 'kept', rest: {}, connections: 50 },
    { what: 'none where each session has its own', load: closed, connection: 'kept', rest: { keep: 'session' }, connections: 0 },
    { what: 'none where each turn has its own', load: closed, connection: 'per-turn', rest: {}, connections: 0 },
    { what: 'as many as hold all streams', load: closed, connection: 'multiplexed', rest: { streamsPerConnection: 20 }, connections: 3 },
    { what: 'as many over each link as it has users', load: closed, connection: 'kept', rest: {}, links: 5, connections: 10 },
    {
      what: 'as hold the streams of one link',
      load: closed,
      connection: 'multiplexed',
      rest: { streamsPerConnection: 20 },
      links: 2,
      connections: 2,
    },
    { what: 'none for an open loop', load: SPEC.load, connection: 'kept', rest: {}, connections: 0 },
  ] as const)('$what', ({ load, connection, rest, connections, ...more }) => {
    const client = { ...SPEC.client, ...rest, leg: { ...SPEC.client.leg, connection } };
    const links = 'links' in more ? { links: Array.from({ length: more.links }, () => ({ name: 'x', port: 1, roundTripMs: 0 })) } : {};
    expect(connectionsAhead({ load, client, ...links })).toBe(connections);
  });
});
