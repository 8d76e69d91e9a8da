import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Child, ChildError } from './children.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatebench-children-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function spec(source: string, readyTimeoutMs = 10_000) {
  files += 1;
  const module = join(folder, `child-${files}.mjs`);
  writeFileSync(module, source);
  return { name: 'the child', module, arguments: ['one'], prefix: [], readyTimeoutMs };
}

const READY = 'process.stdout.write(\'{"ready":1,"port":7}\\n\');';

describe('Child', () => {
  it('is ready with what its first line says, hears commands and answers in lines', async () => {
    const echo = `console.log('no json'); ${READY} process.stdin.on('data', (text) => process.stdout.write(JSON.stringify({ heard: JSON.parse(text), args: process.argv.slice(2) }) + '\\n'));`;
    const child = await Child.start<{ ready: 1; port: number }, { heard: object; args: string[] }, object>(spec(echo));
    expect(child.ready.port).toBe(7);
    const line = new Promise((resolve) => {
      child.onLine = resolve;
    });
    child.send({ do: 'this' });
    expect(await line).toEqual({ heard: { do: 'this' }, args: ['one'] });
    await child.stop();
    expect(await child.exited).toContain('SIGTERM');
  });

  it('is killed when it does not listen', async () => {
    const child = await Child.start(spec(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1_000); ${READY}`));
    await child.stop();
    expect(await child.exited).toContain('SIGKILL');
  });

  it.each([
    [
      'ends before it is ready',
      "process.stderr.write('no such port'); process.exit(3);",
      10_000,
      /ended with status 3; it said: no such port/,
    ],
    ['says nothing', 'setInterval(() => {}, 1_000);', 200, /was not ready within 200 ms/],
  ])('that %s is an error that tells what it said', async (_what, source, readyTimeoutMs, message) => {
    const started = Child.start(spec(source, readyTimeoutMs));
    await expect(started).rejects.toThrow(ChildError);
    await expect(started).rejects.toThrow(message);
  });
});
