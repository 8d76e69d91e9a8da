import { describe, expect, test } from 'vitest';
import { MARKDOWN_BYTES_MAX, renderMarkdown } from './markdown.ts';
import type { Report } from './report.ts';
import { emptyReport, exampleComparison, exampleReport } from './testing/example.ts';
import { hostileReport } from './testing/hostile.ts';

/** What Markdown still reads as markup: code spans, and escaped characters, taken out. */
const bare = (text: string) => text.replace(/`[^`\n]*`/g, '').replace(/\\./g, '');

describe('markdown', () => {
  test('begins with the verdict', () => {
    expect(renderMarkdown(exampleReport()).split('\n').slice(0, 5)).toEqual([
      '## ❌ gatebench: fail',
      '',
      '**2 of 3 thresholds were missed.**',
      '',
      '- Threshold missed: turn.p99&lt;2500; measured 2.73 s.',
    ]);
    expect(renderMarkdown(emptyReport())).toMatch(/^## ✅ gatebench: pass\n/);
    expect(renderMarkdown(emptyReport({ verdict: 'inconclusive' }))).toMatch(/^## ❔ gatebench: inconclusive\n/);
  });

  test('holds comparisons, claims and accounts', () => {
    const text = renderMarkdown(exampleReport());
    expect(text).toContain('| C ÷ A | ttft p50 | 0.0435 \\[0.0421, 0.0450\\] | **better** |');
    expect(text).toContain(
      '| turn p50 | round trip 20 ms, TLS, 20 ms a token | 850 ms → 320 ms, 62.0 % lower | 2.19 % lower \\[1.71, 2.66\\] | 2.15 s → 2.10 s (best HTTP 2.10 s) | **not reproduced** |',
    );
    expect(text).toContain('- C: 1,500 offered = 1,488 completed + 1 cancelled + 9 refused + 2 dropped (queue\\_full 9)');
    expect(text).toContain('| tpot p50 | –¹ |');
    expect(text).toContain('| B ÷ A | bytesPerToken | 0.584 exact | −139 B/token exact | **better** |');
    expect(text).not.toMatch(/NaN|undefined|null/);
  });

  test('says of each claim where it would hold, folded with the map', () => {
    const text = renderMarkdown(exampleReport());
    expect(text).toContain(
      [
        '<details><summary>Where it would hold: A turn is 62 % shorter only where the reply takes the model less time than a round trip of the network.</summary>',
        '',
        '| model time of the reply (ms) by round trip (ms) | 0 | 20 | 80 | 200 |',
        '| --- | --- | --- | --- | --- |',
        '| 50 | 2 % | 41 % | **62 %** | **65 %** |',
      ].join('\n'),
    );
    expect(text).toContain(
      '| ttft p50 | round trip 20 ms, TLS, 20 ms a token | 95.6 % lower \\[95.4, 95.8\\] | 2.15 s → 93.4 ms (best HTTP 92.6 ms) | reproduced |',
    );
  });

  test('has ladders, streams tried, bytes and phases, and how far all is to be trusted', () => {
    const text = renderMarkdown(exampleReport());
    expect(text).toContain('turn p50, round trip 20 ms: HTTP mode 128 ms\n\n| rung | ratio | then | interaction |\n');
    expect(text).toContain('| 2. connection reuse: per-turn → kept | 0.672 \\[0.664, 0.680\\] | 85.5 ms | – |');
    expect(text).toContain(
      '- A: completionLag p99 by streams, limit 100 ms: 100: 4.10 ms, 400: 38.0 ms, 450: 210 ms (did not hold), 800: not known (did not hold)',
    );
    expect(text).toContain('- B: over 400 ms: due up to 80.0 /s, completed up to 40.0 /s, refused up to 35.0 /s, median turn up to 340 ms');
    expect(text).toContain('| envelope | 2.10 B/token | 291 B/token | 184 B/token |');
    expect(text).toContain(
      '| A | 3.21 s | upstream first token 2.02 s, upstream streaming 1.10 s | completed | `latency-2-0.x.17.3` | `0af7651916cd43dd8448eb211c80319c` |',
    );
    expect(text).toContain('| A | 12.5 ms | not told | failed (connection\\_lost) |');
    expect(text).toContain('- A: phases of all turns leave 9.21 ms of a turn unaccounted for');
    expect(text).toContain('| upstream first token | 1.10 s | 1.52 s | 1.10 s | 1.51 s | 1.10 s |');
    expect(text).toContain('- 250 of 270 trials are valid, 20 were excluded; 1 of 15 arms has no valid result.');
    expect(text).toContain('- Validity: concurrency, B: concurrency is only a bound, ≥ 1,600 streams:');
  });

  test('has many arms below each other, and their turns in one line', () => {
    const text = renderMarkdown(exampleReport());
    expect(text).toContain('| arm | turn p50 | ttft p50 | cpuPerToken |');
    expect(text).toContain('| B | 128 ms | 128 ms | – |');
    expect(text).toContain('- all arms: 21,000 offered = 21,000 completed');
  });

  test('every row of a table has the columns of its head', () => {
    const cells = (line: string) => bare(line).split('|').length;
    for (const part of renderMarkdown(hostileReport()).split('\n\n')) {
      const rows = part.split('\n').filter((line) => line.startsWith('|'));
      for (const row of rows) expect(cells(row)).toBe(cells(rows[0]!));
    }
  });

  test('text of a report cannot be markup, mention anybody, link anywhere or leave its line', () => {
    const text = renderMarkdown(hostileReport());
    const markup = bare(text).replaceAll('<details><summary>', '').replaceAll('</summary>', '').replaceAll('</details>', '');
    expect(markup).not.toMatch(/[<`]|@\w|#\d|:\/\/|\]\(/);
    expect(text.split('\n').filter((line) => line.startsWith('next'))).toEqual([]);
  });

  test('a thousand comparisons fit, the telling ones kept, and it says what was left out', () => {
    const many = exampleReport();
    const [scenario] = many.scenarios;
    const comparisons = Array.from({ length: 1_000 }, (_, i) =>
      exampleComparison({ condition: `condition ${i}`, ...(i === 777 ? { verdict: 'worse' as const, deciding: true } : {}) }),
    );
    const scenarios = Array.from({ length: 40 }, (_, i) => ({ ...scenario!, name: `s${i}`, comparisons }));
    const text = renderMarkdown({ ...many, scenarios });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MARKDOWN_BYTES_MAX);
    expect(Buffer.byteLength(text)).toBeGreaterThan(MARKDOWN_BYTES_MAX / 2);
    expect(text).toMatch(/^## ❌/);
    expect(text).toContain('condition 777');
    expect(text).toContain('_… and 950 more._');
    expect(text).toMatch(/_\d+ of \d+ parts did not fit into a comment; the HTML page and report\.json have them\._\n$/);
  });

  test('endless texts are shortened', () => {
    const report: Report = exampleReport({ verdictReason: 'x'.repeat(100_000) });
    expect(Buffer.byteLength(renderMarkdown(report))).toBeLessThan(Buffer.byteLength(renderMarkdown(exampleReport())) + 1_000);
  });
});
