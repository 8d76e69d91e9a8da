/**
 * clinic's doctor, flame and bubbleprof. They are a lockfile of their own (`tools/clinic`, 694 packages), installed
 * when first asked for; a published gatebench has none.
 *
 * clinic is no longer maintained, and its exit status says nothing: without a terminal it ends with 0 and writes
 * nothing unless NO_INSIGHT is set, and where its analysis fails it may still have written a page. What counts is the
 * file: a page that ends with the mark that clinic puts below a finished one, made from data that is not empty.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { modulePath, packageRoot } from '../host/package.ts';

export const CLINIC_TOOLS = ['doctor', 'flame', 'bubbleprof'] as const;
export type ClinicTool = (typeof CLINIC_TOOLS)[number];

export interface Clinic {
  /** Command words up to and with `--`, behind which the words of the profiled program stand. */
  words(tool: ClinicTool, folder: string): string[];
  /** What the program must find in its environment. */
  readonly env: Readonly<Record<string, string>>;
}

export type Found<T> = { ok: true; value: T } | { ok: false; reason: string };

const FLUSH = 'bench/profile/flush-preload';
const INSTALL_LIMIT_MS = 600_000;
const ERROR_CHARACTERS_KEPT = 2_000;

/** Installs it where that has not been done, which takes minutes. @param onInstall told before. */
export async function findClinic(signal: AbortSignal, onInstall: () => void, root = packageRoot()): Promise<Found<Clinic>> {
  const folder = join(root, 'tools', 'clinic');
  const lockfile = join(folder, 'package-lock.json');
  if (!existsSync(lockfile)) return { ok: false, reason: 'clinic comes with a clone of gatebench alone' };
  const installed = join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(installed) || statSync(lockfile).mtimeMs > statSync(installed).mtimeMs) {
    onInstall();
    const trouble = await install(root, folder, signal);
    if (trouble !== undefined) return { ok: false, reason: `clinic could not be installed: ${trouble}` };
    utimesSync(installed, new Date(), new Date());
  }
  const bin = join(folder, 'node_modules', 'clinic', 'bin.js');
  if (!existsSync(bin)) return { ok: false, reason: 'clinic was installed without its program' };
  return {
    ok: true,
    value: {
      words: (tool, dest) => [process.execPath, bin, tool, '--open=false', '--dest', dest, '--name', 'gateway', '--'],
      // No question whether usage may be reported, which waits for an answer; no reports, no look for newer versions.
      env: { CI: '1', NO_INSIGHT: '1', NO_UPDATE_NOTIFIER: '1', NODE_OPTIONS: `--import=${pathToFileURL(modulePath(FLUSH))}` },
    },
  };
}

/** Exactly the lockfile's versions. Without install scripts, since clinic's tools need none. */
function install(root: string, folder: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(join(root, 'scripts', 'with-node'), ['npm', 'ci', '--ignore-scripts', '--no-progress', '--loglevel=error'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      signal: AbortSignal.any([signal, AbortSignal.timeout(INSTALL_LIMIT_MS)]),
    });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-ERROR_CHARACTERS_KEPT);
    });
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code === 0 ? undefined : errors.trim() || `npm ended with status ${code}`));
  });
}

/** The page that a tool has finished, by what lies in the folder. */
export function finishedPage(tool: ClinicTool, folder: string): Found<string> {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const page = names.find((name) => name.endsWith(`.clinic-${tool}.html`));
  if (page === undefined) return { ok: false, reason: names.length === 0 ? 'it wrote nothing' : 'it wrote data, but no page' };
  const path = join(folder, page);
  const data = join(folder, basename(page, '.html'));
  const sizes = new Map((existsSync(data) ? readdirSync(data) : []).map((name) => [name, statSync(join(data, name)).size]));
  for (const kind of NEEDED[tool]) {
    const size = [...sizes].find(([name]) => name.endsWith(`-${kind}`))?.[1] ?? 0;
    if (size < DATA_BYTES_MIN) return { ok: false, reason: `it wrote a page of nothing: ${size} bytes of ${kind}` };
  }
  if (!readFileSync(path, 'utf8').trimEnd().split('\n').at(-1)!.startsWith(`<!-- {"tool":"${tool}"`)) {
    return { ok: false, reason: 'it did not finish its page' };
  }
  return { ok: true, value: path };
}

/** Data without which a page of the tool shows nothing. */
const NEEDED: Readonly<Record<ClinicTool, readonly string[]>> = {
  doctor: ['processstat', 'traceevent'],
  flame: ['samples'],
  bubbleprof: ['stacktrace', 'traceevent'],
};
/** Some seconds of load make more than 40 kB of the smallest kind. */
const DATA_BYTES_MIN = 4_096;
