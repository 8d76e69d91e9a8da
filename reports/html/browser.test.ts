/**
 * The page in a real browser: that it is accessible (axe-core), fits its window, asks for nothing, and says the same on
 * paper. Without Chromium these tests are skipped, except where they are expected to run (`CI=true`).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessibility, expectBrowser, hasBrowser, startBrowser } from '../testing/browser.ts';
import { emptyReport, exampleReport } from '../testing/example.ts';
import { largeReport } from '../testing/large.ts';
import { renderHtml } from './page.ts';

test('Chromium is there where it is expected', expectBrowser);

describe.skipIf(!hasBrowser)('the page in Chromium (skipped where there is none)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatebench-page-'));
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens a page without network; what it asks for besides itself, or complains of, is gathered. */
  async function open(name: string, html: string, options: Parameters<Browser['newPage']>[0]): Promise<{ page: Page; troubles: string[] }> {
    const file = join(folder, `${name}.html`);
    writeFileSync(file, html);
    const url = pathToFileURL(file).href;
    const page = await browser.newPage({ ...options, offline: true });
    const troubles: string[] = [];
    page.on('request', (request) => request.url() !== url && troubles.push(request.url()));
    page.on('console', (message) => troubles.push(message.text()));
    page.on('pageerror', (error) => troubles.push(error.message));
    await page.goto(url);
    return { page, troubles };
  }

  const example = { name: 'the example', report: exampleReport() };

  test.each([
    { ...example, scheme: 'light', width: 1280 },
    { ...example, scheme: 'dark', width: 1280 },
    { ...example, scheme: 'light', width: 390 },
    { ...example, scheme: 'dark', width: 390 },
    { name: 'a large one', report: largeReport(), scheme: 'light', width: 390 },
    { name: 'an empty one', report: emptyReport(), scheme: 'dark', width: 390 },
  ] as const)('$name is accessible and fits, $scheme, $width pixels wide', async ({ name, report, scheme, width }) => {
    const { page, troubles } = await open(name, renderHtml(report), { colorScheme: scheme, viewport: { width, height: 900 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    const { violations, passes } = await accessibility(page);
    expect(violations).toEqual([]);
    expect(passes).toBeGreaterThan(10);
    expect(troubles).toEqual([]);
    await page.close();
  });

  test('shows of each chart the drawing that fits: a narrow one on a phone and on paper', async () => {
    const visible = (page: Page) =>
      page.evaluate<string[][]>(
        `[...document.querySelectorAll('.chart')].map((chart) =>
          [...chart.querySelectorAll('svg')].filter((svg) => svg.checkVisibility()).map((svg) => svg.getAttribute('class')))`,
      );
    const { page } = await open('widths', renderHtml(exampleReport()), { viewport: { width: 1280, height: 900 } });
    const shown = (drawings: string[][]) => [...new Set(drawings.filter((chart) => chart.length > 0).map((chart) => chart.join()))];
    expect(shown(await visible(page))).toEqual(['wide']);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(shown(await visible(page))).toEqual(['narrow']);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    await page.emulateMedia({ media: 'screen' });
    await page.setViewportSize({ width: 390, height: 900 });
    expect(shown(await visible(page))).toEqual(['narrow']);
    await page.close();
  });

  test('opens a definition at a tap and by the keyboard, and closes it', async () => {
    const { page } = await open('taps', renderHtml(exampleReport()), { viewport: { width: 390, height: 800 }, hasTouch: true });
    const definition = page.locator('#define-ttft');
    const button = page.locator('button[popovertarget="define-ttft"]').first();
    expect(await definition.isVisible()).toBe(false);
    await button.tap();
    expect(await definition.isVisible()).toBe(true);
    const box = await definition.boundingBox();
    expect(box!.x).toBeGreaterThanOrEqual(0);
    expect(box!.x + box!.width).toBeLessThanOrEqual(390);
    expect(box!.y + box!.height).toBeLessThanOrEqual(800);
    await page.keyboard.press('Escape');
    expect(await definition.isVisible()).toBe(false);
    await button.press('Enter');
    expect(await definition.isVisible()).toBe(true);
    await page.close();
  });
});
