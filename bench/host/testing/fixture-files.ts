/** The kernel's files as a table of texts; a test changes the table to let time pass. */
import type { HostFiles } from '../files.ts';

export function fixtureFiles(texts: Readonly<Record<string, string>>): HostFiles {
  return {
    text: (path) => texts[path],
    names(folder) {
      const under = Object.keys(texts).filter((path) => path.startsWith(`${folder}/`));
      return [...new Set(under.map((path) => path.slice(folder.length + 1).split('/')[0]!))];
    },
  };
}
