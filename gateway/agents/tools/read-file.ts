/** Reads a text file of the workspace, or some lines of it. */
import { constants } from 'node:fs';
import { integer, text } from './parameters.ts';
import { tool } from './tool.ts';
import { existingPath, openFile, PATH_CHARACTERS_MAX } from './workspace.ts';

/** Of the file, not of what is returned: lines are found by reading up to them. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;
const RESULT_CHARACTERS_MAX = 256 * 1024;
const LINE_MAX = 10_000_000;

export const readFileTool = tool(
  'read_file',
  `Returns the text of a file of the workspace, or some of its lines; at most ${RESULT_CHARACTERS_MAX} characters.`,
  {
    required: { path: text('Relative to the workspace.', PATH_CHARACTERS_MAX) },
    optional: {
      from_line: integer('The first line wanted, from 1.', 1, LINE_MAX),
      to_line: integer('The last line wanted.', 1, LINE_MAX),
    },
  },
  async ({ path, from_line: from = 1, to_line: to = LINE_MAX }, { session }) => {
    const content = await readText(await existingPath(session.workspace, path), path);
    const wanted =
      from === 1 && to === LINE_MAX
        ? content
        : content
            .split('\n')
            .slice(from - 1, to)
            .join('\n');
    if (wanted.length <= RESULT_CHARACTERS_MAX) return wanted;
    const more = wanted.length - RESULT_CHARACTERS_MAX;
    return `${wanted.slice(0, RESULT_CHARACTERS_MAX)}\n[${more} characters more: ask for lines]`;
  },
);

async function readText(path: string, shownAs: string): Promise<string> {
  const file = await openFile(path, constants.O_RDONLY, shownAs);
  try {
    const { size } = await file.stat();
    if (size > FILE_BYTES_MAX) throw new Error(`the file has ${size} bytes, more than ${FILE_BYTES_MAX}`);
    // A file may grow while it is read.
    const { bytesRead, buffer } = await file.read(Buffer.alloc(size), 0, size, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
