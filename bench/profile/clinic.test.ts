import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findClinic, finishedPage } from './clinic.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatebench-clinic-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What a tool leaves: its data, and a page below which it puts its mark when it is done. */
function wrote(data: Readonly<Record<string, number>>, page?: string): void {
  mkdirSync(join(folder, 'gateway.clinic-doctor'), { recursive: true });
  for (const [kind, bytes] of Object.entries(data))
    writeFileSync(join(folder, 'gateway.clinic-doctor', `gateway.clinic-doctor-${kind}`), Buffer.alloc(bytes));
  if (page !== undefined) writeFileSync(join(folder, 'gateway.clinic-doctor.html'), page);
}

const DATA = { processstat: 50_000, traceevent: 50_000, systeminfo: 500 };
const DONE = '<html></html>\n<!-- {"tool":"doctor","toolVersion":"11.0.0","hash":"00"} -->\n';

describe('what clinic has done is known by its files', () => {
  it('a page with its mark, from data', () => {
    wrote(DATA, DONE);
    expect(finishedPage('doctor', folder)).toEqual({ ok: true, value: join(folder, 'gateway.clinic-doctor.html') });
    expect(finishedPage('flame', folder)).toEqual({ ok: false, reason: 'it wrote data, but no page' });
  });

  it.each([
    ['nothing', () => {}, 'it wrote nothing'],
    ['no page', () => wrote(DATA), 'it wrote data, but no page'],
    ['half a page', () => wrote(DATA, '<html>'), 'it did not finish its page'],
    ['a page of another tool', () => wrote(DATA, DONE.replace('doctor', 'flame')), 'it did not finish its page'],
    ['a page of nothing', () => wrote({ ...DATA, processstat: 0 }, DONE), 'it wrote a page of nothing: 0 bytes of processstat'],
    [
      'a page of almost nothing',
      () => wrote({ processstat: 50_000, traceevent: 300 }, DONE),
      'it wrote a page of nothing: 300 bytes of traceevent',
    ],
    ['a page of data that is missing', () => wrote({ processstat: 50_000 }, DONE), 'it wrote a page of nothing: 0 bytes of traceevent'],
  ])('%s', (_what, leave, reason) => {
    leave();
    expect(finishedPage('doctor', folder)).toEqual({ ok: false, reason });
  });
});

it('is not there in an installed package', async () => {
  const found = await findClinic(new AbortController().signal, () => expect.unreachable('nothing to install'), folder);
  expect(found).toEqual({ ok: false, reason: 'clinic comes with a clone of gatebench alone' });
});
