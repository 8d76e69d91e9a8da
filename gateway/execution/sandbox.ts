/**
 * What the code of agents may do beyond computing: the arguments under which their threads and processes start, by
 * Node's permission model. Reading: this package's code, its dependencies, the folders of the agents' modules, and the
 * workspaces. Writing: the workspaces alone. No programs, no threads, no native code. The network is open, since agents
 * do their own inference, and the model knows only all or nothing: sockets are contained in neither kind, Unix sockets
 * of other services included.
 *
 * By the word of Node's documentation the permission model guards code that is trusted from going astray, and is no
 * boundary against malice. `docs/containment.md` says what it holds, row by row, each with a test.
 *
 * Whoever starts a unit with these arguments must also
 * - give it an `env` of its own without NODE_OPTIONS: rights that stand there are added to these;
 * - for a process, pass the one workspace of its session as `workspaces`; for threads, which serve several sessions,
 *   the folder of all, so that only the agents' own care keeps sessions of threads out of each other's files;
 * - never add `/proc/thread-self` or `/proc/self` to what is read: behind these links lie `environ` with the gateway's
 *   secrets, and `root` with every file. The main thread finds the operating system's id of a thread by itself, in
 *   `/proc/self/task`.
 */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ResourceLimits } from 'node:worker_threads';
import { profilingArguments } from './profiling.ts';

const MB = 1024 * 1024;

export interface Sandbox {
  kind: 'thread' | 'process';
  /** Absolute: the folder in which the unit may write. It need not exist yet. */
  workspaces: string;
  /** Absolute paths of the agents' modules. Their folders are readable, so nothing secret should lie beside them. */
  modules: readonly string[];
  /** The quota; 0: none. */
  memoryBytes: number;
}

/** `execArgv` of the unit. */
export function sandboxArguments({ kind, workspaces, modules, memoryBytes }: Sandbox): string[] {
  const readable = new Set([...codeFolders(), ...modules.flatMap(moduleFolders), ...folders(workspaces)]);
  return [
    '--permission',
    '--disable-warning=ExperimentalWarning',
    ...known(['--allow-net', ...CLOSED]),
    ...[...readable].map((folder) => `--allow-fs-read=${folder}`),
    ...folders(workspaces).map((folder) => `--allow-fs-write=${folder}`),
    ...(kind === 'thread' ? THREAD_ONLY : processOnly(memoryBytes)),
    ...profilingArguments(),
  ];
}

/**
 * Ways around the model, closed by taking the module away: `node:sqlite` opens any file of the machine as a database,
 * also for writing, whatever the rights; native libraries are denied by the model already, and gone for certain so.
 */
const CLOSED = ['--no-experimental-sqlite', '--no-experimental-ffi'];

/** Node 24 has no `node:ffi`, and leaves the network open by itself; a flag that it does not know is an error. */
function known(flags: readonly string[]): string[] {
  return flags.filter((flag) => process.allowedNodeEnvironmentFlags.has(flag));
}

/**
 * Node adds the entry script to what may be read. A worker has none, and the empty name becomes the folder in which
 * the gateway was started, with all below: with `/`, as under systemd, every file of the machine (Node 26.10). For an
 * interactive session nothing is added, and a worker does not become interactive by being called so.
 */
const THREAD_ONLY = ['--interactive'];

/** A heap at its limit ends the process, so here the limit can be the quota: the process is the agent's own. */
function processOnly(memoryBytes: number): string[] {
  return memoryBytes === 0 ? [] : [`--max-old-space-size=${Math.ceil(memoryBytes / MB)}`];
}

/**
 * Far beyond the quota, so that the watchdog comes first.
 *
 * A thread whose heap meets its limit while one array grows need not fail alone: where the array does not fit, V8
 * aborts the whole process. An array grows by half, and for a moment both copies exist; one that is within the quota
 * now is stopped when it has grown once more, or twice. The limit is a number, not memory that is set aside. Without a
 * quota there is no watchdog either, and Node's own limit stays, which at least ends a thread that leaks small objects
 * and nothing else.
 */
export function threadLimits(memoryBytes: number): ResourceLimits {
  return memoryBytes === 0 ? {} : { maxOldGenerationSizeMb: Math.ceil((4 * memoryBytes) / MB) + 4_096 };
}

/** Of this package, from source or from a build; and of its dependencies, which may lie above it. */
function codeFolders(): string[] {
  const code = fileURLToPath(new URL('../../', import.meta.url));
  const own = ['gateway', 'transports', 'dashboards'].map((name) => everything(join(code, name)));
  return [...own, ...dependencyFolders(code)];
}

/** The loader follows links, and looks for dependencies from where the module really lies. */
function moduleFolders(module: string): string[] {
  return [dirname(module), dirname(real(module))].flatMap((folder) => [everything(folder), ...dependencyFolders(folder)]);
}

/** What resolving a name from `from` reads: each `node_modules` above it, and the package.json that says what kind it is. */
function dependencyFolders(from: string): string[] {
  const found: string[] = [];
  for (let folder = from; ; folder = dirname(folder)) {
    const modules = join(folder, 'node_modules');
    if (existsSync(modules)) found.push(...folders(modules));
    const description = join(folder, 'package.json');
    if (existsSync(description)) found.push(description);
    if (folder === dirname(folder)) return found;
  }
}

/** As it is named, and where it really lies: the model compares names, and follows no links. */
function folders(folder: string): string[] {
  return [...new Set([folder, real(folder)])].map(everything);
}

/**
 * The folder and all in it. Without the star, a folder that does not exist yet would be taken for a file; a star in its
 * own name would open all that begins alike.
 */
function everything(folder: string): string {
  if (folder.includes('*')) throw new Error(`rights cannot be given for a folder with * in its name: ${folder}`);
  return `${folder.endsWith(sep) ? folder : folder + sep}*`;
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
