import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { redactCommand } from './redact.ts';
import { REPORT_FORMATS, renderReport } from './render.ts';
import { validateReport } from './schema.ts';
import { exampleReport } from './testing/example.ts';
import { writeReport } from './write.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatebench-write-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('write', () => {
  test('four files, no others, and report.json is a report', async () => {
    const directory = join(folder, 'a', 'b');
    const paths = await writeReport(exampleReport(), directory);
    expect(paths.map((path) => path.slice(directory.length + 1))).toEqual(['report.json', 'report.md', 'report.html', 'junit.xml']);
    expect(readdirSync(directory).sort()).toEqual(['junit.xml', 'report.html', 'report.json', 'report.md']);
    const read: unknown = JSON.parse(readFileSync(join(directory, 'report.json'), 'utf8'));
    expect(validateReport(read)).toEqual({ ok: true, report: exampleReport() });
  });

  test('the page links to the other three, which lie beside it; a page alone to none', async () => {
    const links = (text: string) => [...text.matchAll(/href="([^"#][^"]*)"/g)].map(([, href]) => href);
    expect(links(readFileSync(join(folder, 'a', 'b', 'report.html'), 'utf8'))).toEqual(['report.json', 'report.md', 'junit.xml']);
    expect(links(await renderReport(exampleReport(), 'html'))).toEqual([]);
  });

  test('replaces what was there, and leaves it when it cannot', async () => {
    const directory = join(folder, 'again');
    await writeReport(exampleReport({ seed: 1 }), directory);
    await writeReport(exampleReport({ seed: 2 }), directory);
    expect(readFileSync(join(directory, 'report.json'), 'utf8')).toContain('"seed": 2');
    const broken = { ...exampleReport({ seed: 3 }), scenarios: [{ ...exampleReport().scenarios[0]!, arms: null as unknown as [] }] };
    await expect(writeReport(broken, directory)).rejects.toThrow(TypeError);
    expect(readFileSync(join(directory, 'report.json'), 'utf8')).toContain('"seed": 2');
    expect(readdirSync(directory)).toHaveLength(4);
  });
});

describe('secrets', () => {
  test.each([
    [
      ['--token', 'abc'],
      ['--token', '[hidden]'],
    ],
    [['--api-key=abc'], ['--api-key=[hidden]']],
    [
      ['--header', 'authorization: Bearer abc'],
      ['--header', '[hidden]'],
    ],
    [
      ['--target', 'https://user:pw@host/v1?api_key=abc&x=1'],
      ['--target', 'https://[hidden]@host/v1?api_key=[hidden]&x=1'],
    ],
    [['--target=wss://abc@host/'], ['--target=wss://[hidden]@host/']],
    [
      ['--token', '--quick'],
      ['--token', '--quick'],
    ],
    [
      ['--output-tokens', '100', '--seed', '4'],
      ['--output-tokens', '100', '--seed', '4'],
    ],
  ])('%j', (command, expected) => {
    expect(redactCommand(command)).toEqual(expected);
  });

  test('stand in no rendering', async () => {
    const report = exampleReport({ command: ['gatebench', '--token', 'hunter2hunter2', '--target=https://a:hunter2hunter2@h'] });
    for (const format of REPORT_FORMATS) {
      const text = await renderReport(report, format);
      expect(text).not.toContain('hunter2');
      expect(text).toContain('[hidden]'.slice(1, -1));
    }
  });
});
