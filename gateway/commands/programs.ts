/**
 * What a command's first word names, and whether it may run. Scripts go by their kind to the program that runs them;
 * paths lead to files of the workspace, and nowhere else; other words are programs on the gateway's own PATH. What is
 * not on the list is refused before anything is started.
 */
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { delimiter, extname, isAbsolute, join, resolve, sep } from 'node:path';

export type Program = { ok: true; file: string; args: readonly string[] } | { ok: false; problem: string };

/** On the list: executables of the workspace. */
const WORKSPACE_FILES = './*';

const RUN_BY: Readonly<Record<string, string>> = { '.py': 'python3', '.js': 'node', '.mjs': 'node', '.cjs': 'node', '.ts': 'node' };

export class Programs {
  readonly #allowed: ReadonlySet<string>;
  readonly #searchPath: string;

  /** @param allowed names of programs, their absolute paths, or `./*` */
  constructor(allowed: readonly string[], searchPath: string) {
    this.#allowed = new Set(allowed);
    this.#searchPath = searchPath;
  }

  async find(words: readonly string[], workspace: string): Promise<Program> {
    const [first = '', ...rest] = words;
    const runner = RUN_BY[extname(first)];
    if (runner !== undefined) {
      const script = await this.#fileOf(workspace, first);
      if (!script.ok) return script;
      const program = await this.#named(runner);
      return program.ok ? { ...program, args: [script.file, ...rest] } : program;
    }
    const program = first.includes('/') && !this.#allowed.has(first) ? await this.#executable(workspace, first) : await this.#named(first);
    return program.ok ? { ...program, args: rest } : program;
  }

  async #named(name: string): Promise<Program> {
    if (name === WORKSPACE_FILES || !this.#allowed.has(name)) return this.#refused(name);
    // The gateway's own: what it was tested with, and there also where none is on the path.
    if (name === 'node') return { ok: true, file: process.execPath, args: [] };
    const candidates = isAbsolute(name) ? [name] : this.#searchPath.split(delimiter).map((folder) => join(folder, name));
    for (const file of candidates) if (await isExecutable(file)) return { ok: true, file, args: [] };
    return { ok: false, problem: `there is no program ${shown(name)} on this host` };
  }

  async #executable(workspace: string, path: string): Promise<Program> {
    if (!this.#allowed.has(WORKSPACE_FILES)) return this.#refused(path);
    const found = await this.#fileOf(workspace, path);
    if (found.ok && !(await isExecutable(found.file))) return { ok: false, problem: `${shown(path)} is not executable` };
    return found;
  }

  async #fileOf(workspace: string, path: string): Promise<Program> {
    const outside: Program = { ok: false, problem: `${shown(path)} is not in the workspace` };
    if (isAbsolute(path) || path.includes('\0')) return outside;
    try {
      const root = await realpath(workspace);
      const file = await realpath(resolve(root, path));
      if (!file.startsWith(root + sep)) return outside;
      return (await stat(file)).isFile() ? { ok: true, file, args: [] } : { ok: false, problem: `${shown(path)} is no file` };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return { ok: false, problem: code === 'ENOENT' ? `there is no file ${shown(path)} in the workspace` : `${shown(path)}: ${code}` };
    }
  }

  #refused(name: string): Program {
    const allowed = this.#allowed.size === 0 ? 'none is' : [...this.#allowed].join(', ');
    return { ok: false, problem: `the program ${shown(name)} is not allowed; allowed: ${allowed}` };
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function shown(word: string): string {
  return JSON.stringify(word.slice(0, 200));
}
