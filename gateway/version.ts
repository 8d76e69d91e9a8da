/** The version in the package's own package.json, which lies above this module from source and from a build. */
import { readFileSync } from 'node:fs';

export function packageVersion(): string {
  for (let folder = new URL('./', import.meta.url); ; folder = new URL('../', folder)) {
    const version = versionIn(new URL('package.json', folder));
    if (version !== undefined) return version;
    if (folder.pathname === '/') throw new Error('no package.json of gatebench above the gateway');
  }
}

function versionIn(file: URL): string | undefined {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const { name, version } = JSON.parse(content) as { name?: string; version?: string };
  return name === 'gatebench' ? version : undefined;
}
