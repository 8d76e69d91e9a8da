/** This package on disk: a clone, where TypeScript runs as it is, or an installed package, where JavaScript does. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Package {
  root: URL;
  version: string;
}

let found: Package | undefined;

/** The nearest folder above this module that holds gatebench's own package.json. @throws when there is none. */
function find(): Package {
  for (let folder = new URL('./', import.meta.url); ; folder = new URL('../', folder)) {
    const version = versionIn(new URL('package.json', folder));
    if (version !== undefined) return { root: folder, version };
    if (folder.pathname === '/') throw new Error('no package.json of gatebench above its modules');
  }
}

function versionIn(file: URL): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const { name, version } = JSON.parse(text) as { name?: string; version?: string };
  return name === 'gatebench' ? version : undefined;
}

export function packageVersion(): string {
  found ??= find();
  return found.version;
}

/** Path of the folder that package.json lies in. */
export function packageRoot(): string {
  found ??= find();
  return fileURLToPath(found.root);
}

/**
 * Path of a module that is started, not imported, in the form that runs here.
 * @param name from the root of the sources, without its ending: `gateway/main`.
 */
export function modulePath(name: string): string {
  const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return fileURLToPath(new URL(`../../${name}${ending}`, import.meta.url));
}
