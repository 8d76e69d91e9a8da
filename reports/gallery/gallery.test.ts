/** What stands in the gallery is still a report by today's schema, and its page is listed with the command that made it. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { renderMarkdown } from '../markdown.ts';
import { validateReport } from '../schema.ts';

const GALLERY = dirname(fileURLToPath(import.meta.url));
const names = readdirSync(GALLERY, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

describe('the gallery', () => {
  it('has reports, and lists each', () => {
    const page = readFileSync(join(GALLERY, 'README.md'), 'utf8');
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(page).toContain(`${name}/report.html`);
  });

  it.each(names)('%s: its JSON is a report, of which its page tells the same verdicts', (name) => {
    const result = validateReport(JSON.parse(readFileSync(join(GALLERY, name, 'report.json'), 'utf8')));
    if (!result.ok) throw new Error(result.problems.join('\n'));
    const html = readFileSync(join(GALLERY, name, 'report.html'), 'utf8');
    expect(html.length).toBeLessThan(1_000_000);
    for (const { verdict } of result.report.claims) {
      const words = verdict.replace('-', ' ').replace('partly', 'partly reproduced');
      expect(html).toContain(words);
      expect(renderMarkdown(result.report)).toContain(words);
    }
  });
});
