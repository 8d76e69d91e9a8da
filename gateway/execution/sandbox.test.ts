import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sandbox, sandboxArguments, threadLimits } from './sandbox.ts';

const MB = 1024 ** 2;

let root: string;
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'gatebench-sandbox-')));
  for (const folder of [
    'workspaces',
    'workspaces-2',
    'agents/lib',
    'agents/node_modules/dependency',
    'agents/node_modules/.bin',
    'other',
  ]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  const files = {
    'secret.txt': 'secret',
    'workspaces-2/secret.txt': 'secret',
    'agents/agent.ts': `import dependency from 'dependency';\nimport { own } from './lib/own.ts';\nexport default dependency + own;\n`,
    'agents/lib/own.ts': 'export const own: number = 2;\n',
    'agents/node_modules/dependency/package.json': '{"type":"module","exports":"./index.js"}',
    'agents/node_modules/dependency/index.js': 'export default 40;\n',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(root, name), content);
  symlinkSync(join(root, 'agents'), join(root, 'other/linked'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const KINDS = ['thread', 'process'] as const;

function sandbox(over: Partial<Sandbox> = {}): Sandbox {
  return { kind: 'thread', workspaces: join(root, 'workspaces'), modules: [join(root, 'agents/agent.ts')], memoryBytes: 0, ...over };
}

/** Evaluates async code of CommonJS in such a unit, with `/` as the folder that its gateway was started in. */
function evaluate(code: string, over: Partial<Sandbox> = {}, env: Record<string, string> = {}): unknown {
  const given = sandbox(over);
  const execArgv = sandboxArguments(given);
  const inner = `(async () => { ${code} })().catch((error) => error.code ?? error.message).then((value) => console.log(JSON.stringify(value ?? null)))`;
  const worker = `new (require('node:worker_threads').Worker)(${JSON.stringify(inner)}, ${JSON.stringify({ eval: true, execArgv, env })})`;
  const [args, childEnv] = given.kind === 'thread' ? [['-e', worker], {}] : [[...execArgv, '-e', inner], env];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: '/', env: childEnv, encoding: 'utf8' });
  if (stdout === '') throw new Error(`nothing came of it: ${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

const read = (path: string) => `return require('node:fs').readFileSync(${JSON.stringify(path)}, 'utf8')`;

describe.each(KINDS)('the sandbox of a %s', (kind) => {
  it('reads the package and its dependencies, and nothing else of the machine', () => {
    const repository = new URL('../../', import.meta.url).pathname;
    expect(evaluate(`return typeof (await import('${repository}transports/client.ts')).connect`, { kind })).toBe('function');
    expect(evaluate(`return typeof (await import('${repository}node_modules/piscina/dist/index.js')).Piscina`, { kind })).toBe('function');
    for (const path of [
      '/etc/passwd',
      join(root, 'secret.txt'),
      `${repository}.git/HEAD`,
      '/proc/self/environ',
      '/proc/thread-self/environ',
    ]) {
      expect([path, evaluate(read(path), { kind })]).toEqual([path, 'ERR_ACCESS_DENIED']);
    }
  });

  it('loads the agents’ modules, with what they import, also through links', () => {
    for (const path of [join(root, 'agents/agent.ts'), join(root, 'other/linked/agent.ts')]) {
      expect(evaluate(`return (await import(${JSON.stringify(path)})).default`, { kind, modules: [path] })).toBe(42);
    }
  });

  it('reads and writes in the workspaces, also before they exist, and not beside them', () => {
    const workspaces = join(root, 'new', kind);
    const code = `
      const fs = require('node:fs');
      fs.mkdirSync(${JSON.stringify(join(workspaces, 'a/b'))}, { recursive: true });
      fs.writeFileSync(${JSON.stringify(join(workspaces, 'a/b/c'))}, 'written');
      return fs.readFileSync(${JSON.stringify(join(workspaces, 'a/b/c'))}, 'utf8')`;
    mkdirSync(join(root, 'new'), { recursive: true });
    expect(evaluate(code, { kind, workspaces })).toBe('written');
    expect(evaluate(read(join(root, 'workspaces-2/secret.txt')), { kind })).toBe('ERR_ACCESS_DENIED');
    expect(evaluate(read(join(root, 'workspaces/../secret.txt')), { kind })).toBe('ERR_ACCESS_DENIED');
    for (const path of ['workspaces-2/x', 'x', 'agents/x', 'agents/agent.ts']) {
      const write = `require('node:fs').writeFileSync(${JSON.stringify(join(root, path))}, '')`;
      expect([path, evaluate(write, { kind })]).toEqual([path, 'ERR_ACCESS_DENIED']);
    }
  });

  it('starts no programs and no threads, and loads no native code', () => {
    const denied = {
      "require('node:child_process').spawnSync('true')": 'ERR_ACCESS_DENIED',
      "new (require('node:worker_threads').Worker)('', { eval: true, execArgv: [] })": 'ERR_ACCESS_DENIED',
      "new (require('node:wasi').WASI)({ version: 'preview1' })": 'ERR_ACCESS_DENIED',
      "new (require('node:inspector').Session)().connect()": 'ERR_ACCESS_DENIED',
      "process.binding('fs')": 'ERR_ACCESS_DENIED',
      "process.dlopen({ exports: {} }, 'x.node')": 'ERR_DLOPEN_DISABLED',
      "require('node:sqlite')": 'ERR_UNKNOWN_BUILTIN_MODULE',
      "require('node:ffi')": 'ERR_UNKNOWN_BUILTIN_MODULE',
    };
    const tried = `const caught = (call) => { try { call(); return 'done'; } catch (error) { return error.code; } };
      return [${Object.keys(denied).map((call) => `caught(() => ${call})`)}]`;
    expect(evaluate(tried, { kind })).toEqual(Object.values(denied));
  });

  it('leaves sockets open', () => {
    const code = `const server = require('node:net').createServer().listen(0, '127.0.0.1');
      await require('node:events').once(server, 'listening');
      server.close();
      return 'listening'`;
    expect(evaluate(code, { kind })).toBe('listening');
  });

  it('is widened by NODE_OPTIONS, which is why units get an environment of their own', () => {
    expect(evaluate(read(join(root, 'secret.txt')), { kind }, { NODE_OPTIONS: `--allow-fs-read=${root}` })).toBe('secret');
  });
});

describe('the rights by name', () => {
  const NAME = fc
    .string({ unit: fc.constantFrom('a', 'b', '.', '-', ' ', '%'), minLength: 1, maxLength: 3 })
    .filter((name) => !/^\.+$/.test(name));
  const PATH = fc.array(NAME, { minLength: 1, maxLength: 3 }).map((names) => `/gatebench-nowhere/${names.join('/')}`);

  /** What a thread with these workspaces holds of some paths. */
  async function held(workspaces: string, paths: readonly string[]): Promise<boolean[]> {
    const code = `require('node:worker_threads').parentPort.postMessage(${JSON.stringify(paths)}.map((path) => process.permission.has('fs.write', path)))`;
    const worker = new Worker(code, { eval: true, execArgv: sandboxArguments(sandbox({ workspaces })), env: {} });
    return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  }

  it('cover a folder and what is below it, and nothing whose name only begins so', async () => {
    await fc.assert(
      fc.asyncProperty(PATH, fc.array(PATH, { minLength: 20, maxLength: 40 }), async (workspaces, others) => {
        const paths = [workspaces, `${workspaces}/x/y`, `${workspaces}x`, `${workspaces}x/y`, ...others];
        const below = paths.map((path) => path === workspaces || path.startsWith(`${workspaces}/`));
        expect(await held(workspaces, paths)).toEqual(below);
      }),
      { numRuns: 25 },
    );
  });
});

it('does not take a folder whose name would be a pattern', () => {
  expect(() => sandboxArguments(sandbox({ workspaces: '/srv/*' }))).toThrow('/srv/*');
});

describe('memory', () => {
  it('is limited in a process by its quota, and not where there is none', () => {
    expect(sandboxArguments(sandbox({ kind: 'process', memoryBytes: 100 * MB }))).toContain('--max-old-space-size=100');
    expect(sandboxArguments(sandbox({ kind: 'process' })).join(' ')).not.toContain('--max-old-space-size');
    expect(sandboxArguments(sandbox({ memoryBytes: 100 * MB })).join(' ')).not.toContain('--max-old-space-size');
  });

  it('of a thread has its limit far beyond the quota, since an array that does not fit beneath it ends the whole process', () => {
    expect(threadLimits(0)).toEqual({});
    expect(threadLimits(100 * MB).maxOldGenerationSizeMb).toBe(4_496);
    const fillArrays = (limitMb: number) => {
      const worker = 'const all = []; while (all.length < 3) all.push(new Array(3e7).fill(0))';
      const main = `new (require('node:worker_threads').Worker)('${worker}', { eval: true, resourceLimits: { maxOldGenerationSizeMb: ${limitMb} } })
        .on('error', () => {})`;
      return spawnSync(process.execPath, ['-e', main], { cwd: root }).signal;
    };
    expect(fillArrays(64)).toBe('SIGABRT');
    expect(fillArrays(1_024)).toBe(null);
  });
});
