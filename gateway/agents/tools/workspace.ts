/**
 * Paths within the workspace, for tools whose paths a model chose. What leads out of it is refused, by `..`, as an
 * absolute path, or through a symbolic link; links that stay inside are followed.
 *
 * This holds a model to its folder, and not a program: what `exec` starts has the gateway's own rights, and could
 * exchange a folder for a link between the check and the use; it gains nothing by it.
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

export const PATH_CHARACTERS_MAX = 4_096;

/** A workspace is made when the first file needs it. @returns its real path */
export async function openWorkspace(workspace: string): Promise<string> {
  await mkdir(workspace, { recursive: true, mode: 0o700 });
  return realpath(workspace);
}

/** The real path of something that exists. Rejects with an error for the model. */
export async function existingPath(workspace: string, path: string): Promise<string> {
  const root = await openWorkspace(workspace);
  const asked = lexical(root, path);
  let real: string;
  try {
    real = await realpath(asked);
  } catch (error) {
    throw problem(path, error);
  }
  return inside(root, real, path);
}

/** Where something new may be made: its folders are made as needed, and none of them lies outside. */
export async function newPath(workspace: string, path: string): Promise<string> {
  const root = await openWorkspace(workspace);
  const asked = lexical(root, path);
  if (asked === root) throw new Error(`${shown(path)} is the workspace itself`);
  const folder = dirname(asked);
  await inside(root, await nearestFolder(folder), path);
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw problem(path, error);
  });
  const target = join(inside(root, await realpath(folder), path), relative(folder, asked));
  // What is there already may be a link.
  return inside(root, await realpath(target).catch(() => target), path);
}

/**
 * Opens a regular file. Not through a link that came meanwhile; and never waits, as opening a pipe would, for a writer
 * who may not come.
 */
export async function openFile(path: string, flags: number, shownAs: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, 0o600);
  } catch (error) {
    throw problem(shownAs, error);
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Error(`${shown(shownAs)} is no file`);
}

/** Without looking at the disk. */
function lexical(root: string, path: string): string {
  if (path === '' || path.includes('\0')) throw new Error('the path is empty, or none');
  if (isAbsolute(path)) throw new Error(`${shown(path)} is absolute: paths count from the workspace`);
  return inside(root, resolve(root, path), path);
}

function inside(root: string, path: string, shownAs: string): string {
  if (path === root || path.startsWith(root + sep)) return path;
  throw new Error(`${shown(shownAs)} leads out of the workspace`);
}

/** The real path of the deepest folder on the way that exists. */
async function nearestFolder(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    const real = await realpath(at).catch(() => undefined);
    if (real !== undefined) return real;
  }
}

/** An error of the file system, without the absolute path that its own message has. */
export function problem(path: string, error: unknown): Error {
  const { code = 'failed' } = error as NodeJS.ErrnoException;
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'does not exist',
    EISDIR: 'is a folder',
    ENOTDIR: 'is no folder, or lies in none',
    EEXIST: 'lies in what is no folder',
    ELOOP: 'is a symbolic link',
    ENXIO: 'is no file',
  };
  return new Error(`${shown(path)} ${known[code] ?? `cannot be used (${code})`}`);
}

function shown(path: string): string {
  return JSON.stringify(path.length <= 200 ? path : `${path.slice(0, 200)}…`);
}
