/** Lists a folder of the workspace. */
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from './parameters.ts';
import { tool } from './tool.ts';
import { existingPath, PATH_CHARACTERS_MAX, problem } from './workspace.ts';

const ENTRIES_MAX = 1_000;

export const listFiles = tool(
  'list_files',
  `Lists a folder of the workspace, at most ${ENTRIES_MAX} entries, one a line; folders end with a slash.`,
  {
    required: {},
    optional: { path: text('Relative to the workspace. Default: the workspace itself.', PATH_CHARACTERS_MAX) },
  },
  async ({ path = '.' }, { session }) => {
    const names = await namesIn(await existingPath(session.workspace, path), path);
    const shown = names.slice(0, ENTRIES_MAX).sort();
    return names.length <= ENTRIES_MAX ? shown.join('\n') : `${shown.join('\n')}\n[there are more]`;
  },
);

/** One more than the bound, where there are more. */
async function namesIn(folder: string, shownAs: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of await opendir(folder)) {
      names.push(entry.isDirectory() ? join(entry.name, '/') : entry.name);
      if (names.length > ENTRIES_MAX) break;
    }
  } catch (error) {
    throw problem(shownAs, error);
  }
  return names;
}
