/**
 * The live page in a real browser, while a gateway carries load: of a run of `gatebench bench --ui`, which is watched to
 * its end, and of a gateway by itself, which is then taken away. Without Chromium these tests are skipped, except where
 * it is expected to be there (`CI=true`).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { accessibility, expectBrowser, hasBrowser, startBrowser } from '../../reports/testing/browser.ts';
import { SCENARIOS } from '../../scenarios/index.ts';
import { arm } from '../arms.ts';
import { packageRoot } from '../host/package.ts';
import { planPinning, readPinningFacts } from '../host/pinning.ts';
import { Processes } from '../orchestrator/processes.ts';
import { trialSpec } from '../orchestrator/trial-spec.ts';

const THREADS = 'websocket/responses/kept>sse/chat/kept/full/thread';
const INLINE = 'sse/chat/kept>sse/chat/kept/full/inline';
const PATIENCE_MS = 40_000;

test('Chromium is there where it is expected', expectBrowser);

describe.skipIf(!hasBrowser)('the live page in Chromium (skipped where there is none)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatebench-live-'));
  let browser: Browser;
  const ending: (() => unknown)[] = [];
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterEach(async () => {
    for (const end of ending.splice(0).reverse()) await end();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What the page complains of, or asks for elsewhere, is gathered. */
  async function open(url: string, options: Parameters<Browser['newPage']>[0]): Promise<{ page: Page; troubles: string[] }> {
    const page = await browser.newPage(options);
    ending.push(() => page.close());
    page.setDefaultTimeout(PATIENCE_MS);
    const troubles: string[] = [];
    page.on('request', (request) => request.url().startsWith(url) || request.url().startsWith('data:') || troubles.push(request.url()));
    page.on('pageerror', (error) => troubles.push(error.message));
    await page.goto(url);
    return { page, troubles };
  }

  const tile = (page: Page, name: string) =>
    page.locator('.tiles > div', { has: page.getByText(name, { exact: true }) }).locator('dd > span');
  const textOf = async (page: Page, name: string) => (await tile(page, name).first().textContent()) ?? '';

  /** Waits until a number of the page has had several values. */
  async function moves(page: Page, name: string): Promise<void> {
    const seen = new Set<string>();
    await expect.poll(async () => seen.add(await textOf(page, name)).size, { timeout: PATIENCE_MS, interval: 200 }).toBeGreaterThan(3);
    expect([...seen].filter((text) => text !== '' && text !== '–' && !/\d/.test(text))).toEqual([]);
  }

  /** By the keyboard alone; what its waterfall adds up to is the turn. */
  async function opensWaterfall(page: Page): Promise<string[]> {
    await page.locator('#turns tbody button').first().focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    const names = await dialog.locator('.waterfall tbody th').allTextContents();
    const bars = await page.evaluate<{ left: number; right: number }[]>(
      "[...document.querySelectorAll('#trace .track i')].map((bar) => { const { left, right } = bar.getBoundingClientRect(); return { left, right }; })",
    );
    // Each bar lies within that of the whole turn, but for the least width that is seen.
    for (const { left, right } of bars) {
      expect(left).toBeGreaterThanOrEqual(bars[0]!.left - 0.5);
      expect(right).toBeLessThanOrEqual(bars[0]!.right + 2.5);
    }
    expect((await accessibility(page)).violations).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await dialog.isVisible()).toBe(false);
    return names;
  }

  async function looksRight(page: Page, width: number): Promise<void> {
    // Charts are drawn anew after a change of width, not with it.
    await expect.poll(() => page.evaluate('document.documentElement.scrollWidth'), { timeout: PATIENCE_MS }).toBe(width);
    const { violations, passes } = await accessibility(page);
    expect(violations).toEqual([]);
    expect(passes).toBeGreaterThan(10);
  }

  const inkOfGround = (page: Page) => page.evaluate('getComputedStyle(document.body).backgroundColor');

  test('shows a run as it goes, arms side by side, and that it has ended', async () => {
    const out = join(folder, 'report');
    const run = spawn(
      process.execPath,
      ['bin/gatebench.js', 'bench', 'latency', '--launches', '2', '--ui', '--quiet', '--out', out, '--arms', THREADS, '--arms', INLINE],
      { cwd: packageRoot(), stdio: ['ignore', 'ignore', 'pipe'] },
    );
    ending.push(() => endOf(run, 'SIGTERM'));
    const url = await new Promise<string>((resolve) => {
      createInterface({ input: run.stderr }).on('line', (line) => {
        const found = /^live page: (\S+)$/.exec(line)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
    const { page, troubles } = await open(url, { viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
    await moves(page, 'Turn p50');
    await expect.poll(() => page.locator('#arms tbody tr').count(), { timeout: PATIENCE_MS }).toBe(2);
    expect(await page.locator('#arms tbody code').allTextContents()).toEqual(expect.arrayContaining([THREADS, INLINE]));
    await expect.poll(() => page.locator('#arms tbody tr.now').count(), { timeout: PATIENCE_MS }).toBe(1);
    const names = await opensWaterfall(page);
    expect(names).toEqual(
      expect.arrayContaining(['turn', 'gateway', 'transit', 'upstream first token', 'upstream streaming', 'return transit']),
    );
    // The gateway's own account of itself comes with the trial.
    await expect.poll(() => textOf(page, 'Loop delay p99'), { timeout: PATIENCE_MS }).toMatch(/^\d/);
    await looksRight(page, 1280);
    await page.locator('#report').waitFor();
    expect(await page.locator('#report').textContent()).toContain(join(out, 'report.html'));
    expect(await page.locator('#state').textContent()).toBe('ended');
    // 1 where the machine was too busy for any trial of an arm to be valid: what the page shows is the same.
    expect([0, 1]).toContain(await endOf(run));
    const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as {
      scenarios: { arms: { id: string; turns: { completed: number } }[] }[];
    };
    // What the page counts is what the report counts.
    const turns = new Map(report.scenarios[0]!.arms.map(({ id, turns: { completed } }) => [id, completed]));
    const rows = await page.evaluate<string[][]>(
      "[...document.querySelectorAll('#arms tbody tr')].map((row) => [row.querySelector('code').textContent, row.cells[1].textContent, row.cells[2].textContent])",
    );
    for (const [name, trials, shown] of rows) {
      if (trials === '2') expect(Number(shown)).toBe(turns.get(name!));
    }
    expect(rows.length).toBe(2);
    expect(troubles).toEqual([]);
  }, 160_000);

  test('shows a gateway by itself, in both schemes and on a phone, and says when it is gone', async () => {
    const processes = new Processes(folder, planPinning(readPinningFacts(), false), 1, undefined);
    const upstream = await processes.startUpstream();
    ending.push(() => upstream.stop());
    const generator = await processes.startGenerator('direct');
    ending.push(() => generator.stop());
    const gateway = await processes.startGateway(arm(THREADS), {}, upstream.ready.ports.upstream);
    ending.push(() => gateway.stop());
    const scenario = SCENARIOS.latency!;
    const spec = trialSpec({
      scenario,
      arm: arm(THREADS),
      launch: 0,
      trial: 0,
      run: processes.run,
      seed: 1,
      port: gateway.ready.ports.gateway,
      certificate: undefined,
      token: processes.token,
      load: { kind: 'open', sessionsPerSecond: 10, arrivals: { process: 'poisson' } },
      extent: { launches: 1, trialsPerLaunch: 1, warmupMs: 0, measureMs: 120_000, drainMs: 0 },
    });
    generator.send({ trial: spec });
    const url = `http://127.0.0.1:${gateway.ready.ports.admin}/`;
    const { page, troubles } = await open(url, { viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
    await moves(page, 'Turn p50');
    await moves(page, 'Turns');
    expect(await page.locator('#state').textContent()).toBe('live');
    expect(await page.locator('.unit').allTextContents()).toEqual(
      expect.arrayContaining([expect.stringMatching(/^main/), expect.stringMatching(/^agent-1/)]),
    );
    expect(await opensWaterfall(page)).toEqual(expect.arrayContaining(['admission', 'upstream first token', 'upstream streaming']));
    await looksRight(page, 1280);
    const light = await inkOfGround(page);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await inkOfGround(page)).not.toBe(light);
    await looksRight(page, 1280);
    await page.setViewportSize({ width: 390, height: 844 });
    await looksRight(page, 390);
    // A pause holds all still, and the stream goes on behind it.
    await page.getByRole('button', { name: 'Pause' }).click();
    const held = await textOf(page, 'Output tokens');
    await page.waitForTimeout(2_500);
    expect(await textOf(page, 'Output tokens')).toBe(held);
    await page.getByRole('button', { name: 'Go on' }).click();
    expect(troubles).toEqual([]);
    await gateway.stop();
    await expect.poll(() => page.locator('#state').textContent(), { timeout: PATIENCE_MS }).toMatch(/^connection lost, again in \d+ s$/);
    expect(await page.locator('body.old').count()).toBe(1);
  }, 120_000);
});

/** @returns its status. */
function endOf(child: ChildProcess, signal?: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    child.once('exit', (code) => resolve(code));
    if (signal) child.kill(signal);
  });
}
