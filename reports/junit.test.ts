import { describe, expect, test } from 'vitest';
import { escapeXml, renderJunit } from './junit.ts';
import { emptyReport, exampleReport } from './testing/example.ts';
import { hostileReport } from './testing/hostile.ts';
import { all, type Element, parseMarkup } from './testing/markup.ts';

const parse = (text: string): Element => {
  const [root] = parseMarkup(text).children;
  expect(root!.name).toBe('testsuites');
  return root!;
};
const resultOf = (testcase: Element) => testcase.children.map(({ name }) => name).find((name) => name !== 'system-out') ?? 'passed';

describe('junit', () => {
  const root = parse(renderJunit(exampleReport()));
  const cases = new Map(all(root, 'testcase').map((one) => [`${one.attributes.classname}/${one.attributes.name}`, one]));

  test('a suite for the run and one for each scenario, in the shape that readers expect', () => {
    const suites = all(root, 'testsuite');
    expect(suites.map(({ attributes }) => attributes.name)).toEqual(['gatebench', 'latency', 'token-overhead', 'concurrency', 'ladder']);
    expect(suites[0]!.attributes).toMatchObject({ timestamp: '2026-11-24T08:24:05', time: '252.340', errors: '0' });
    const order = ['properties', 'testcase', 'system-out'];
    for (const suite of suites) {
      const ranks = suite.children.map(({ name }) => order.indexOf(name));
      expect(ranks).toEqual([...ranks].sort());
      expect(ranks).not.toContain(-1);
    }
  });

  test('counts are those of the cases', () => {
    for (const suite of [root, ...all(root, 'testsuite')]) {
      const results = all(suite, 'testcase').map(resultOf);
      expect(suite.attributes).toMatchObject({
        tests: String(results.length),
        failures: String(results.filter((result) => result === 'failure').length),
        skipped: String(results.filter((result) => result === 'skipped').length),
      });
    }
  });

  test.each([
    ['gatebench/verdict', 'failure', '2 of 3 thresholds were missed.'],
    ['gatebench/threshold turn.p99<2500', 'failure', 'measured 2.73 s'],
    ['gatebench/threshold errorRate<0.01', 'passed', undefined],
    ['gatebench/threshold tpot.p99.9<50', 'failure', 'not measured (3,000 samples; p99.9 takes 10,000)'],
    ['latency/C ÷ A: ttft p50', 'passed', undefined],
    ['latency/C ÷ A: cpuPerToken', 'passed', undefined],
    [
      'latency/C ÷ B: gatewayAdded p99 (round trip 20 ms)',
      'skipped',
      'inconclusive, ratio 1.330 [0.880, 2.020]: the interval holds 1 and reaches beyond ±5 %: more launches could decide',
    ],
    [
      'token-overhead/B ÷ A: tokenOverhead',
      'failure',
      'worse, ratio 1.060 exact, difference +5.56 pp [5.12, 6.00]: the baseline of the gate is the previous revision',
    ],
    [
      'latency/validity of D (websocket/compact/kept>sse/chat/kept/full/thread)',
      'skipped',
      '18 trials excluded: no turn completed (and 17 more like it)',
    ],
  ])('%s: %s', (name, result, message) => {
    const testcase = cases.get(name)!;
    expect(resultOf(testcase)).toBe(result);
    if (message !== undefined) expect(testcase.children[0]!.attributes.message).toBe(message);
  });

  test('nothing fails in a report that passes', () => {
    expect(parse(renderJunit(emptyReport())).attributes).toMatchObject({ tests: '1', failures: '0', skipped: '0' });
    expect(parse(renderJunit(emptyReport({ verdict: 'inconclusive' }))).attributes).toMatchObject({ failures: '0', skipped: '1' });
  });

  test('stays well-formed whatever the report holds', () => {
    const text = renderJunit(hostileReport());
    expect(all(parse(text), 'testcase')).toHaveLength(cases.size);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the characters are what is tested.
    expect(text).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u);
    expect(all(parse(text), 'script')).toEqual([]);
  });

  test('escapes and removes', () => {
    expect(escapeXml('a<b>&"\'')).toBe("a&lt;b&gt;&amp;&quot;'");
    expect(escapeXml('\u0000a\u001bb\uffffc\ud800d\u{1f600}\n\t')).toBe('abcd\u{1f600}\n\t');
  });
});
