import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const LAUNCHER = fileURLToPath(new URL('./gatebench.js', import.meta.url));
/** Makes a Node believe that it is an old one. */
const OLD = [
  '--import',
  `data:text/javascript,${encodeURIComponent('Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.1.0" } });')}`,
];
/** A command line that says how it was called, and ends with 7. */
const CLI = 'console.log(JSON.stringify([process.versions.node, ...process.argv.slice(2)])); process.exitCode = 7;';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gatebench-bin-'));
  put('bin/gatebench.js');
  write('package.json', '{"type":"module"}');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const at = (path: string) => join(root, path);
function put(path: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  copyFileSync(LAUNCHER, at(path));
}
function write(path: string, text: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}
function clone(cli = CLI): void {
  write('bench/cli.ts', cli);
  mkdirSync(at('node_modules'));
}
function withOwnNode(): void {
  mkdirSync(at('tools/node/node_modules/.bin'), { recursive: true });
  symlinkSync(process.execPath, at('tools/node/node_modules/.bin/node'));
}

function start(flags: readonly string[], ...words: string[]) {
  const { npm_command: _started, ...env } = process.env;
  return spawn(process.execPath, [...flags, at('bin/gatebench.js'), ...words], { stdio: ['ignore', 'pipe', 'pipe'], env });
}

async function run(flags: readonly string[], ...words: string[]): Promise<{ status: unknown; out: string; err: string }> {
  const child = start(flags, ...words);
  const seen = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    seen.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    seen.err += chunk;
  });
  const [code, signal] = await once(child, 'close');
  return { status: code ?? signal, ...seen };
}

const ranUnder = (node: string, ...words: string[]) => ({ status: 7, out: `${JSON.stringify([node, ...words])}\n`, err: '' });

describe('the launcher', () => {
  it('runs the sources of a clone', async () => {
    clone();
    expect(await run([], 'bench', '--seed', '1')).toEqual(ranUnder(process.versions.node, 'bench', '--seed', '1'));
  });

  it('runs the JavaScript of a package', async () => {
    write('dist/bench/cli.js', CLI);
    expect(await run([], '--help')).toEqual(ranUnder(process.versions.node, '--help'));
  });

  it('takes the clone’s own Node where it runs under an old one', async () => {
    clone();
    withOwnNode();
    expect(await run(OLD, 'report', 'a b')).toEqual(ranUnder(process.versions.node, 'report', 'a b'));
  });

  it('passes signals on to it, and ends as it does', async () => {
    clone("process.on('SIGTERM', () => process.exit(5)); setInterval(() => {}, 1_000); console.log('up');");
    withOwnNode();
    const child = start(OLD);
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([5, null]);
  });

  it('ends by the signal that its child ended by', async () => {
    clone("process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1_000);");
    withOwnNode();
    expect(await run(OLD)).toMatchObject({ status: 'SIGKILL' });
  });

  it.each<[string, () => void, readonly string[], RegExp]>([
    ['nothing is installed', () => write('bench/cli.ts', CLI), [], /^gatebench: nothing is installed yet; run `make install`/],
    ['a clone has no Node of its own', () => clone(), OLD, /needs Node 24\.12 or newer, this is 20\.1\.0; run `make install` in the clone/],
    ['a package runs under an old Node', () => write('dist/bench/cli.js', CLI), OLD, /this is 20\.1\.0; install a newer one/],
  ])('says what to do where %s', async (_name, arrange, flags, message) => {
    arrange();
    const { status, out, err } = await run(flags, '--version');
    expect({ status, out }).toEqual({ status: 1, out: '' });
    expect(err).toMatch(message);
  });
});
