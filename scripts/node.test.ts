import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** What the scripts themselves call, besides node and npm. */
const SYSTEM_PATH = '/usr/bin:/bin';

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'gatebench-node-')));
  for (const name of ['node', 'with-node']) {
    mkdirSync(join(root, 'scripts'), { recursive: true });
    copyFileSync(fileURLToPath(new URL(name, import.meta.url)), join(root, 'scripts', name));
  }
  write('tools/node/package-lock.json', '{}');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const own = () => join(root, 'tools/node/node_modules/.bin/node');
const installs = () => existsSync(join(root, 'installs'));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
function program(path: string, text: string): void {
  write(path, `#!/bin/sh\n${text}\n`);
  chmodSync(join(root, path), 0o755);
}
/** What `node --version` says on the machine. */
function machineNode(version: string): void {
  program('machine/node', `echo ${version}`);
}
/** An npm that "installs" a Node of this version. */
function npmThatInstalls(version: string): void {
  const lines = [
    'echo "$@" >> ../../installs',
    'mkdir -p node_modules/.bin',
    `printf '#!/bin/sh\\necho ${version}\\n' > node_modules/.bin/node`,
    'chmod +x node_modules/.bin/node',
    'touch node_modules/.package-lock.json',
  ];
  program('machine/npm', lines.join('\n'));
}

function run(script: string, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(join(root, 'scripts', script), words, {
    encoding: 'utf8',
    env: { PATH: `${join(root, 'machine')}:${SYSTEM_PATH}` },
  });
  return { status, out: stdout.trim(), err: stderr };
}

describe('a Node that is new enough', () => {
  it.each(['v24.12.0', 'v25.0.0', 'v26.1.0', 'v100.1.2'])('is the machine’s own %s', (version) => {
    machineNode(version);
    npmThatInstalls('v26.10.0');
    expect(run('node')).toEqual({ status: 0, out: join(root, 'machine/node'), err: '' });
    expect(installs()).toBe(false);
  });

  it.each(['v20.20.2', 'v24.11.9', 'v8.99.0', 'nonsense'])('is installed once where the machine has %s', (version) => {
    machineNode(version);
    npmThatInstalls('v26.10.0');
    const first = run('node');
    expect(first).toMatchObject({ status: 0, out: own() });
    expect(first.err).toBe(`installing a newer Node into tools/node (the machine has ${version}) …\n`);
    rmSync(join(root, 'installs'));
    expect(run('node')).toEqual({ status: 0, out: own(), err: '' });
    expect(installs()).toBe(false);
  });

  it('is missing where the platform has none', () => {
    machineNode('v20.0.0');
    program('machine/npm', 'mkdir -p node_modules');
    const { status, out, err } = run('node');
    expect({ status, out }).toEqual({ status: 1, out: '' });
    expect(err).toContain('Install Node 24.12 or newer');
  });

  it('is missing where the installation fails', () => {
    machineNode('v20.0.0');
    program('machine/npm', 'exit 1');
    expect(run('node')).toMatchObject({ status: 1, out: '' });
  });
});

describe('a command with it', () => {
  it('finds it and the project’s tools first', () => {
    machineNode('v20.0.0');
    npmThatInstalls('v26.10.0');
    program('node_modules/.bin/tool', 'echo "tool under $(node --version), $1"');
    expect(run('with-node', 'tool', 'a b')).toMatchObject({ status: 0, out: 'tool under v26.10.0, a b' });
  });

  it('keeps the status', () => {
    machineNode('v26.0.0');
    expect(run('with-node', 'sh', '-c', 'exit 9').status).toBe(9);
  });

  it('is npm with the machine’s configuration', () => {
    machineNode('v26.0.0');
    program('machine/npm', 'if [ "$1" = config ]; then echo /etc/some-npmrc; else echo "$npm_config_globalconfig"; fi');
    expect(run('with-node', 'npm', 'ci')).toMatchObject({ status: 0, out: '/etc/some-npmrc' });
  });

  it('does not run without one', () => {
    machineNode('v20.0.0');
    program('machine/npm', 'exit 1');
    expect(run('with-node', 'echo', 'ran')).toMatchObject({ status: 1, out: '' });
  });
});
