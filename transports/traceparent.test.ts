import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSampled, isTraceparent, newSpanId, newTraceId, readTraceparent, writeTraceparent } from './traceparent.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

const hex = (digits: number) =>
  fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`)).filter((text) => text.length === digits && !/^0+$/.test(text));

describe('a traceparent', () => {
  test('comes back as it was written', () => {
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, sampled) => {
        expect(readTraceparent(writeTraceparent({ traceId, spanId, sampled }))).toEqual({ traceId, spanId, sampled });
      }),
    );
  });

  test.each([
    ['00', false],
    ['01', true],
    ['02', false],
    ['03', true],
    ['fe', false],
    ['ff', true],
  ])('with the flags %s is sampled: %s', (flags, sampled) => {
    expect(isSampled(`00-${TRACE}-${SPAN}-${flags}`)).toBe(sampled);
  });

  test('of a later version is read where it looks the same', () => {
    expect(readTraceparent(`cc-${TRACE}-${SPAN}-01`)).toEqual({ traceId: TRACE, spanId: SPAN, sampled: true });
  });

  test.each([
    ['of the forbidden version', `ff-${TRACE}-${SPAN}-01`],
    ['without a trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['without a parent', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['in upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['too long', `00-${TRACE}-${SPAN}-01-00`],
    ['with a line end', `00-${TRACE}-${SPAN}-01\n`],
    ['with a space before it', ` 00-${TRACE}-${SPAN}-01`],
    ['twice', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
    ['of a megabyte', `00-${TRACE}-${SPAN}-01${'0'.repeat(1_000_000)}`],
    ['that is a number', 1],
    ['that is a list', [`00-${TRACE}-${SPAN}-01`]],
    ['that is absent', undefined],
  ])('%s is none', (_, value) => {
    expect(isTraceparent(value)).toBe(false);
    expect(readTraceparent(value)).toBeUndefined();
  });

  test('that is damaged anywhere is none, or another well-formed one', () => {
    const whole = `00-${TRACE}-${SPAN}-01`;
    fc.assert(
      fc.property(fc.nat({ max: whole.length }), fc.string({ maxLength: 3 }), fc.nat({ max: 3 }), (at, put, gone) => {
        const damaged = whole.slice(0, at) + put + whole.slice(at + gone);
        const read = readTraceparent(damaged);
        if (damaged === whole) expect(read).toBeDefined();
        else if (read) expect(damaged).toBe(`${damaged.slice(0, 2)}-${read.traceId}-${read.spanId}-${damaged.slice(53)}`);
      }),
      { numRuns: 1_000 },
    );
  });

  test('never throws, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => (readTraceparent(value) === undefined ? undefined : expect(isTraceparent(value)).toBe(true))),
    );
  });
});

test('new ids are well formed and differ', () => {
  const traces = new Set(Array.from({ length: 2_000 }, newTraceId));
  const spans = new Set(Array.from({ length: 2_000 }, newSpanId));
  expect([traces.size, spans.size]).toEqual([2_000, 2_000]);
  const parents = [...spans];
  for (const [index, traceId] of [...traces].entries()) {
    expect(isTraceparent(`00-${traceId}-${parents[index]}-01`)).toBe(true);
  }
});
