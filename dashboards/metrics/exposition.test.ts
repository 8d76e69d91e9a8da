import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { samplesOf } from '../testing/samples.ts';
import { Exemplars } from './exemplars.ts';
import { type CollectedMetric, EXEMPLAR_CHARACTERS_MAX, exemplarText, type Format, formatFor, writeExposition } from './exposition.ts';

const FORMATS: readonly Format[] = ['openmetrics', 'text'];
const TRACE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

function counter(
  name: string,
  points: readonly (readonly [Record<string, unknown>, number])[],
  description = 'What it is.',
): CollectedMetric {
  return {
    descriptor: { name, description, unit: '{turn}' },
    isMonotonic: true,
    dataPoints: points.map(([attributes, value]) => ({ attributes, value })),
  };
}

function histogram(
  name: string,
  counts: readonly number[],
  boundaries: readonly number[],
  attributes: Record<string, unknown> = {},
): CollectedMetric {
  const count = counts.reduce((sum, one) => sum + one, 0);
  return {
    descriptor: { name, description: 'How long.', unit: 's' },
    dataPoints: [{ attributes, value: { buckets: { boundaries, counts }, sum: 1.5, count } }],
  };
}

describe('the text', () => {
  const metrics = [
    histogram('b.wait', [2, 0, 1], [0.5, 1], { via: 'sse' }),
    counter('a.turns', [
      [{ 'x.y': 'z' }, 3],
      [{ 'x.y': 'a' }, 1],
    ]),
    {
      descriptor: { name: 'c.size', description: 'Of "it".\nAnd \\ more.', unit: 'By' },
      isMonotonic: false,
      dataPoints: [{ attributes: {}, value: 1e21 }],
    },
  ];

  it('of OpenMetrics 1.0', () => {
    expect(writeExposition(metrics, 'openmetrics')).toBe(
      [
        '# TYPE a_turns counter',
        '# HELP a_turns What it is.',
        'a_turns_total{x_y="a"} 1',
        'a_turns_total{x_y="z"} 3',
        '# TYPE b_wait_seconds histogram',
        '# UNIT b_wait_seconds seconds',
        '# HELP b_wait_seconds How long.',
        'b_wait_seconds_bucket{via="sse",le="0.5"} 2',
        'b_wait_seconds_bucket{via="sse",le="1.0"} 2',
        'b_wait_seconds_bucket{via="sse",le="+Inf"} 3',
        'b_wait_seconds_sum{via="sse"} 1.5',
        'b_wait_seconds_count{via="sse"} 3',
        '# TYPE c_size_bytes gauge',
        '# UNIT c_size_bytes bytes',
        '# HELP c_size_bytes Of \\"it\\".\\nAnd \\\\ more.',
        'c_size_bytes 1e+21',
        '# EOF',
        '',
      ].join('\n'),
    );
  });

  it('of the format 0.0.4: names of counters are whole, and there is no unit, no end, no escaped quote in help', () => {
    const text = writeExposition(metrics, 'text');
    expect(text).toContain('# TYPE a_turns_total counter\n# HELP a_turns_total What it is.\na_turns_total{x_y="a"} 1\n');
    expect(text).toContain('# HELP c_size_bytes Of "it".\\nAnd \\\\ more.\n');
    expect(text).not.toMatch(/# (UNIT|EOF)/);
    expect(text.endsWith('c_size_bytes 1e+21\n')).toBe(true);
  });

  it('of nothing is its end', () => {
    expect(writeExposition([], 'openmetrics')).toBe('# EOF\n');
    expect(writeExposition([counter('a', [])], 'text')).toBe('');
  });

  it('leaves out what cannot be written', () => {
    const exponential = {
      descriptor: { name: 'a', description: '', unit: 's' },
      dataPoints: [{ attributes: {}, value: { positive: {} } }],
    };
    expect(writeExposition([exponential], 'openmetrics')).toBe('# EOF\n');
  });

  it.each(FORMATS)('gives back every label value as it was, in %s', (format) => {
    const value = fc.string({ unit: 'binary', maxLength: 40 });
    fc.assert(
      fc.property(fc.uniqueArray(value, { maxLength: 8 }), (values) => {
        const text = writeExposition(
          [
            counter(
              'a',
              values.map((one, index) => [{ label: one }, index]),
            ),
          ],
          format,
        );
        // A carriage return is part of a line to Prometheus, and to whoever splits at line feeds.
        const read = samplesOf(text).map(({ labels, value: index }) => [labels.label, index]);
        expect(read).toHaveLength(values.length);
        expect(new Map(read as [string, number][])).toEqual(new Map(values.map((one, index) => [one, index])));
      }),
    );
  });

  it.each(FORMATS)('has all samples of a metric together, metrics and series in order, each series once, in %s', (format) => {
    const name = fc.stringMatching(/^[a-z]{1,4}(\.[a-z]{1,4})?$/);
    const labels = fc.dictionary(fc.constantFrom('one', 'two'), fc.constantFrom('x', 'y', '"', '\\', '\n'), { maxKeys: 2 });
    const series = fc.uniqueArray(labels, { maxLength: 5, selector: (one) => JSON.stringify(Object.entries(one).sort()) });
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, series), { maxLength: 6, selector: ([one]) => one.replaceAll('.', '_') }), (made) => {
        const text = writeExposition(
          made.map(([one, points]) =>
            counter(
              one,
              points.map((attributes) => [attributes, 1]),
            ),
          ),
          format,
        );
        const lines = samplesOf(text).map(({ line }) => line.slice(0, line.lastIndexOf(' ')));
        expect(new Set(lines).size).toBe(lines.length);
        const names = samplesOf(text).map((sample) => sample.name);
        expect(names).toEqual(names.toSorted());
        expect(text.match(/^# EOF$/gm)?.length ?? 0).toBe(format === 'openmetrics' ? 1 : 0);
      }),
    );
  });

  it('counts up in buckets, to the count of all', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { minLength: 1, maxLength: 8 }), (counts) => {
        const boundaries = counts.slice(1).map((_, index) => (index + 1) / 4);
        const samples = samplesOf(writeExposition([histogram('a', counts, boundaries)], 'openmetrics'));
        const buckets = samples.filter(({ name }) => name.endsWith('_bucket')).map(({ value }) => value);
        expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
        expect(buckets.at(-1)).toBe(counts.reduce((sum, one) => sum + one, 0));
        expect(buckets.length).toBe(counts.length);
      }),
    );
  });

  it('writes numbers that are none as the formats have them', () => {
    const text = writeExposition(
      [
        counter('a', [
          [{ of: '1' }, Number.NaN],
          [{ of: '2' }, Number.POSITIVE_INFINITY],
          [{ of: '3' }, Number.NEGATIVE_INFINITY],
        ]),
      ],
      'text',
    );
    expect(samplesOf(text).map(({ line }) => line.split(' ')[1])).toEqual(['NaN', '+Inf', '-Inf']);
  });
});

describe('an exemplar', () => {
  const exemplars = new Exemplars({ nowMs: () => 1_700_000_000_250 });
  exemplars.offer('b.wait', { via: 'sse' }, [0.5, 1], { ...TRACE, value: 0.75 });
  const metrics = [histogram('b.wait', [2, 1, 1], [0.5, 1], { via: 'sse' })];

  it('stands behind its bucket, with its value and its time', () => {
    expect(writeExposition(metrics, 'openmetrics', exemplars)).toContain(
      'b_wait_seconds_bucket{via="sse",le="1.0"} 3 # {span_id="b7ad6b7169203331",trace_id="0af7651916cd43dd8448eb211c80319c"} 0.75 1700000000.250\n',
    );
  });

  it('is not in the older format, which has none', () => {
    expect(writeExposition(metrics, 'text', exemplars)).not.toContain('trace_id');
  });

  it('is never longer than the standard allows, which would spoil the whole page', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 150 }),
        fc.option(fc.string({ maxLength: 60 }), { nil: undefined }),
        (traceId, spanId) => {
          const text = exemplarText({ traceId, ...(spanId === undefined ? {} : { spanId }), value: 1, atMs: 1 });
          const characters = 'trace_id'.length + [...traceId].length + (spanId === undefined ? 0 : 'span_id'.length + [...spanId].length);
          expect(text === '').toBe(characters > EXEMPLAR_CHARACTERS_MAX);
        },
      ),
    );
  });
});

describe('the format', () => {
  const PROMETHEUS =
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

  it.each([
    [PROMETHEUS, 'openmetrics'],
    ['application/openmetrics-text', 'openmetrics'],
    ['Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8', 'openmetrics'],
    ['application/openmetrics-text;version=2.0.0', 'text'],
    ['application/openmetrics-text;q=0.4,text/plain;q=0.5', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text;q=many', 'text'],
    ['text/plain', 'text'],
    ['*/*', 'text'],
    ['', 'text'],
    [undefined, 'text'],
    [`${'a,'.repeat(100_000)}application/openmetrics-text`, 'text'],
  ])('for %j is %s', (accept, format) => {
    expect(formatFor(accept)).toBe(format);
  });
});
