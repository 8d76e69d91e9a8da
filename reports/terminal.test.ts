import { describe, expect, test } from 'vitest';
import { renderTerminal } from './terminal.ts';
import { emptyReport, exampleArm, exampleReport, HTTP, WEBSOCKET } from './testing/example.ts';
import { hostileReport } from './testing/hostile.ts';
import { painter, table, wrap } from './text-table.ts';

const lines = (text: string) => text.split('\n');
const plain = renderTerminal(exampleReport());

describe('terminal', () => {
  test('begins with the verdict and what decided it', () => {
    expect(lines(plain).slice(0, 4)).toEqual([
      'FAIL  2 of 3 thresholds were missed.',
      '  · Threshold missed: turn.p99<2500; measured 2.73 s.',
      '  · Threshold missed: tpot.p99.9<50; not measured (3,000 samples; p99.9 takes 10,000).',
      '  · Worse: tokenOverhead in token-overhead, B ÷ A = 1.060 exact.',
    ]);
  });

  test('names arms by letters, once explained', () => {
    expect(plain).toContain(`  A  ${HTTP}\n`);
    expect(plain).toContain(`  C  ${WEBSOCKET}\n`);
    expect(plain).toMatch(/\n {2}C ÷ A +ttft p50 +0\.0435 \[0\.0421, 0\.0450\] +better\n/);
    expect(plain).toMatch(/\n {2}C ÷ B +gatewayAdded p99 +1\.330 \[0\.880, 2\.020\] +inconclusive¹ +round trip 20 ms\n/);
    expect(plain).toContain('    ¹ the interval holds 1 and reaches beyond ±5 %: more launches could decide\n');
  });

  test('shows how much a candidate adds, where that was asked', () => {
    expect(plain).toMatch(/\n {2}compared +measure +ratio +difference +verdict\n/);
    expect(plain).toMatch(/\n {2}B ÷ A +bytesPerToken +0\.584 exact +−139 B\/token exact +better\n/);
    expect(plain).toMatch(/\n {2}B ÷ A +tokenOverhead +1\.060 exact +\+5\.56 pp \[5\.12, 6\.00\] +worse¹\n/);
  });

  test('shows measures with intervals, bounds, and the reason for a dash', () => {
    expect(plain).toMatch(/\n {2}turn p50 +2\.15 s \[2\.13, 2\.16\] +2\.10 s \[2\.08, 2\.12\]\n/);
    expect(plain).toMatch(/\n {2}tpot p50 +–¹ +20\.1 ms \[20\.0, 20\.2\]\n/);
    expect(plain).toContain('    ¹ a whole reply has no times between its tokens\n');
    expect(plain).toMatch(/\n {2}concurrency +412 streams \[388, 437\] +≥ 1,600 streams¹\n/);
    expect(plain).not.toContain('lateness p50');
  });

  test('accounts for every turn and every excluded trial', () => {
    expect(plain).toContain('  turns  A: 1,500 offered = 1,497 completed + 2 failed + 1 timed out (connection_lost 2)\n');
    expect(plain).toContain('  valid  D: 18 of 18 trials excluded, so its result is not valid: no turn completed');
    expect(plain).toContain('  valid  All 36 trials are valid.\n');
    expect(plain).toContain("  Command     gatebench bench claims --quick --threshold 'turn.p99<2000'\n");
  });

  test.each([80, 100, 120])('no line is longer than %i columns, whatever the report holds', (width) => {
    for (const report of [exampleReport(), hostileReport(), emptyReport()]) {
      for (const line of lines(renderTerminal(report, { width }))) expect([...line].length).toBeLessThanOrEqual(width);
    }
  });

  test('says of each claim what decided it and where it would hold', () => {
    expect(plain).toContain('    Headline: 2.15 s → 2.10 s (best HTTP 2.10 s).\n');
    expect(plain).toContain('    Nowhere on this map is the overhead 80 % lower: that takes another envelope, not another\n');
    expect(plain).toContain('No\n    reading was there to test it against.\n');
  });

  test('shows ladders with the values between their rungs', () => {
    expect(plain).toContain('  Ladder of cpuPerToken, round trips 20 and 80 ms: 61.4 µs/token → 61.4 µs/token\n');
    expect(plain).toMatch(/\n {2}rung +ratio +then\n {2}1\. streaming: http → sse +1\.430 \[1\.380, 1\.480\] +87\.8 µs\/token\n/);
    expect(plain).toMatch(/\n {2}2\. connection reuse: per-turn → kept +0\.672 \[0\.664, 0\.680\] +85\.5 ms\n/);
    expect(plain).toMatch(/\n {2}6\. upstream leg: sse, chat → websocket, responses +– +–\n/);
  });

  test('shows streams tried, bytes by layer, and trials over time', () => {
    expect(plain).toContain('  load   A: completionLag p99 by streams, limit 100 ms: 100: 4.10 ms, 400: 38.0 ms, 450: 210 ms (did\n');
    expect(plain).toContain('  time   B: over 400 ms: due up to 80.0 /s, completed up to 40.0 /s, refused up to 35.0 /s, median\n');
    expect(plain).toMatch(/\n {2}envelope +2\.10 B\/token +291 B\/token +184 B\/token\n/);
  });

  test('shows many arms below each other, without intervals', () => {
    expect(plain).toMatch(/\n {2}arm +turn p50 +ttft p50 +cpuPerToken\n {2}A +– +– +61\.4 µs\/token\n/);
    expect(plain).toContain('  turns  all arms: 21,000 offered = 21,000 completed\n');
  });

  test('is held to 80 and 120 columns', () => {
    expect(renderTerminal(exampleReport(), { width: 10 })).toBe(renderTerminal(exampleReport(), { width: 80 }));
    expect(renderTerminal(exampleReport(), { width: 999 })).toBe(renderTerminal(exampleReport(), { width: 120 }));
  });

  test('colour adds escape sequences and nothing else', () => {
    expect(plain).not.toContain('\u001b');
    const colored = renderTerminal(exampleReport(), { color: true });
    expect(colored).toContain('\u001b[31mFAIL\u001b[0m');
    expect(colored).toContain('\u001b[32mbetter\u001b[0m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences are what is tested.
    expect(colored.replace(/\u001b\[\d+m/g, '')).toBe(plain);
  });

  test('lets no control character of a report through', () => {
    const text = renderTerminal(hostileReport());
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the characters are what is tested.
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(text).not.toMatch(/NaN|undefined|null/);
  });

  test('an arm without any number and an empty report are still a report', () => {
    expect(lines(renderTerminal(emptyReport()))[0]).toBe('PASS  Nothing was asked.');
    const [scenario] = exampleReport().scenarios;
    const bare = { ...scenario!, arms: [exampleArm('x')], comparisons: [], ladder: [], notRun: [], schedule: null };
    expect(renderTerminal(emptyReport({ scenarios: [bare] }))).toContain('  turns  A: 1,500 offered = 1,500 completed\n');
  });
});

describe('text table', () => {
  const options = { width: 24, indent: 2, paint: painter(false) };

  test('splits by columns rather than cutting', () => {
    expect(table(['', 'one', 'two'], [['row', 'abcdefgh', 'ijklmnop']], options)).toEqual([
      '       one',
      '  row  abcdefgh',
      '',
      '       two',
      '  row  ijklmnop',
    ]);
  });

  test('cuts only what fits no line', () => {
    expect(table(['', 'one'], [['row', 'x'.repeat(40)]], options)).toEqual(['       one', `  row  ${'x'.repeat(16)}…`]);
    expect(table(['', 'one'], [['r'.repeat(40), 'x']], options)).toEqual(['               one', `  ${'r'.repeat(10)}…  x`]);
  });

  test('wraps a flexible last column', () => {
    expect(table(['a', 'words'], [['x', 'one two three four five']], { ...options, flexible: true })).toEqual([
      '  a  words',
      '  x  one two three four',
      '     five',
    ]);
  });

  test('wraps at words, cuts long ones behind a mark', () => {
    expect(wrap('aa bb cc', 13, '- ')).toEqual(['- aa bb cc']);
    expect(wrap('a turn that ends', 13, '- ')).toEqual(['- a turn that', '  ends']);
    expect(wrap('websocket/responses>sse/chat', 24, '')).toEqual(['websocket/responses>', 'sse/chat']);
    expect(wrap('x'.repeat(25), 12, '')).toEqual(['x'.repeat(12), 'x'.repeat(12), 'x']);
    expect(wrap('', 20, '- ')).toEqual(['- ']);
  });
});
