/** Writes a report and its renderings into a folder; each file is written beside and renamed, so none is ever half. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ReportFormat, renderReport } from './render.ts';
import type { Report } from './report.ts';

const FILES: readonly { name: string; format: ReportFormat }[] = [
  { name: 'report.json', format: 'json' },
  { name: 'report.md', format: 'md' },
  { name: 'report.html', format: 'html' },
  { name: 'junit.xml', format: 'junit' },
];

/**
 * Everything is rendered before anything is written, so a defect in a renderer leaves the folder as it was.
 * @param more names of further files in the folder, which the page links to.
 * @returns the paths written.
 */
export async function writeReport(report: Report, directory: string, more: readonly string[] = []): Promise<string[]> {
  const rendered = await Promise.all(
    FILES.map(async ({ name, format }) => {
      const beside = [...FILES.filter((file) => file.name !== name).map((file) => file.name), ...more];
      return { path: join(directory, name), text: await renderReport(report, format, { beside }) };
    }),
  );
  mkdirSync(directory, { recursive: true });
  for (const { path, text } of rendered) replaceFile(path, text);
  return rendered.map(({ path }) => path);
}

function replaceFile(path: string, text: string): void {
  const part = `${path}.${randomUUID()}.part`;
  try {
    writeFileSync(part, text);
    renameSync(part, path);
  } finally {
    rmSync(part, { force: true });
  }
}
