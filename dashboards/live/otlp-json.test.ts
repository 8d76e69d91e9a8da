import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { otlpLine, otlpTraces, type SpanOrigin, type TraceSpan, wallOffsetNs } from './otlp-json.ts';
import { phaseSpans } from './phase-spans.ts';

const ORIGIN: SpanOrigin = {
  resource: { 'service.name': 'gateway' },
  scope: { name: 'gatebench', version: '1.2.3' },
  wallOffsetNs: 1_790_000_000_000_000_001n,
};
const SPAN: TraceSpan = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  name: 'turn',
  kind: 'server',
  startNs: 1_000,
  endNs: 2_000_000,
  attributes: { text: 'ä', whole: 3, part: 0.5, yes: true },
};

describe('OTLP JSON', () => {
  test('is what the protocol says: hex ids, numbers of enumerations, 64 bits as strings', () => {
    const child: TraceSpan = {
      ...SPAN,
      spanId: '00f067aa0ba902b7',
      parentSpanId: SPAN.spanId,
      kind: 'client',
      attributes: {},
      error: 'gone',
    };
    expect(otlpTraces([SPAN, child], ORIGIN)).toEqual({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'gateway' } }] },
          scopeSpans: [
            {
              scope: { name: 'gatebench', version: '1.2.3' },
              spans: [
                {
                  traceId: SPAN.traceId,
                  spanId: SPAN.spanId,
                  name: 'turn',
                  kind: 2,
                  startTimeUnixNano: '1790000000000001001',
                  endTimeUnixNano: '1790000000002000001',
                  attributes: [
                    { key: 'text', value: { stringValue: 'ä' } },
                    { key: 'whole', value: { intValue: '3' } },
                    { key: 'part', value: { doubleValue: 0.5 } },
                    { key: 'yes', value: { boolValue: true } },
                  ],
                  status: {},
                },
                {
                  traceId: SPAN.traceId,
                  spanId: '00f067aa0ba902b7',
                  parentSpanId: SPAN.spanId,
                  name: 'turn',
                  kind: 3,
                  startTimeUnixNano: '1790000000000001001',
                  endTimeUnixNano: '1790000000002000001',
                  attributes: [],
                  status: { code: 2, message: 'gone' },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  test('is one line, whatever stands in it', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, value) => {
        const line = otlpLine([{ ...SPAN, name, attributes: { value } }], ORIGIN);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(JSON.parse(line).resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value.stringValue).toBe(value);
      }),
    );
  });

  test('turns the monotonic clock into wall time, exact to the nanosecond between two spans', () => {
    const offset = wallOffsetNs(Number(process.hrtime.bigint()));
    const nowMs = Number((offset + process.hrtime.bigint()) / 1_000_000n);
    expect(Math.abs(nowMs - Date.now())).toBeLessThan(1_000);
    const [span] = otlpTraces([{ ...SPAN, startNs: 9e15 - 1, endNs: 9e15 }], ORIGIN).resourceSpans[0]!.scopeSpans[0]!.spans;
    expect(BigInt(span!.endTimeUnixNano) - BigInt(span!.startTimeUnixNano)).toBe(1n);
  });
});

describe('the spans of phases', () => {
  let ids = 0;
  const id = () => `${++ids}`.padStart(16, '0');
  const PARENT: TraceSpan = { ...SPAN, startNs: 1e6, endNs: 11e6 };
  const laid = (phases: readonly [string, number, number][]) =>
    phaseSpans(
      PARENT,
      phases.map(([name, startMs, ms]) => ({ name, startNs: startMs * 1e6, ms })),
      id,
    ).map(({ name, startNs, endNs }) => [name, startNs / 1e6, endNs / 1e6]);

  test('begin where the phase did, or after the one before it; those that took no time have none', () => {
    expect(
      laid([
        ['admission', 1, 2],
        ['queue', 0, 0],
        ['agent', 4, 3],
        ['upstream', 5, 1],
        ['serialise', 0, 1],
      ]),
    ).toEqual([
      ['admission', 1, 3],
      ['agent', 4, 7],
      ['upstream', 7, 8],
      ['serialise', 8, 9],
    ]);
  });

  test('stay within the parent, in order, and hang under it, whatever the figures are', () => {
    const figure = fc.oneof(fc.double({ min: -5, max: 50, noNaN: true }), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.double({ min: 0, max: 20, noNaN: true }), figure), { maxLength: 8 }), (phases) => {
        const spans = phaseSpans(
          PARENT,
          phases.map(([startMs, ms], index) => ({ name: `${index}`, startNs: startMs * 1e6, ms })),
          id,
        );
        let fromNs = PARENT.startNs;
        for (const { startNs, endNs, parentSpanId, traceId } of spans) {
          expect(startNs).toBeGreaterThanOrEqual(fromNs);
          expect(endNs).toBeGreaterThanOrEqual(startNs);
          expect(endNs).toBeLessThanOrEqual(PARENT.endNs);
          expect([parentSpanId, traceId]).toEqual([PARENT.spanId, PARENT.traceId]);
          fromNs = endNs;
        }
      }),
    );
  });
});
