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
      '| turn p50 | round trip 20 ms, TLS, 20 ms a token | 850 ms → 320 ms, 62.0 % lower | 2.19 % lower \\[1.71, 2.66\\] | **not reproduced** |',
    );
    expect(text).toContain('- C: 1,500 offered = 1,488 completed + 1 cancelled + 9 refused + 2 dropped (queue\\_full 9)');
    expect(text).toContain('| tpot p50 | –¹ |');
    expect(text).not.toMatch(/NaN|undefined|null/);
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
    expect(Buffer.byteLength(renderMarkdown(report))).toBeLessThan(20_000);
  });
});
