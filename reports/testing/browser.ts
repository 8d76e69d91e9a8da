/**
 * Chromium for tests of pages. Where there is none these tests are skipped, except where one is expected (`CI=true`):
 * there a test of its own fails, and says what is missing.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import type { AxeResults } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const executablePath = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find((path) => existsSync(path));
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

export const hasBrowser = executablePath !== undefined;

/** Where it is expected. */
export function expectBrowser(): void {
  if (process.env.CI === 'true') expect(executablePath, `none of ${NAMES.join(', ')} is in the PATH`).toBeDefined();
}

export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: executablePath ?? '', args: ARGUMENTS });
}

let axe: string | undefined;

/** What axe-core finds wrong, each with the first element that it holds for, and how many of its rules held. */
export async function accessibility(page: Page): Promise<{ violations: unknown[]; passes: number }> {
  axe ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(axe);
  const { violations, passes } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as AxeResults;
  return { violations: violations.map(({ id, nodes }) => [id, nodes[0]?.html, nodes[0]?.failureSummary]), passes: passes.length };
}
