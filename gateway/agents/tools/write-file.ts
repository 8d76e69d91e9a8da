/** Writes a text file of the workspace, whole. */
import { constants } from 'node:fs';
import { text } from './parameters.ts';
import { tool } from './tool.ts';
import { newPath, openFile, PATH_CHARACTERS_MAX } from './workspace.ts';

const CONTENT_CHARACTERS_MAX = 4 * 1024 * 1024;

export const writeFileTool = tool(
  'write_file',
  'Writes a file of the workspace, in place of what it held; its folders are made as needed.',
  {
    required: {
      path: text('Relative to the workspace.', PATH_CHARACTERS_MAX),
      content: text('All of the new content.', CONTENT_CHARACTERS_MAX),
    },
    optional: {},
  },
  async ({ path, content }, { session }) => {
    const { O_WRONLY, O_CREAT, O_TRUNC } = constants;
    const file = await openFile(await newPath(session.workspace, path), O_WRONLY | O_CREAT | O_TRUNC, path);
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
    return `wrote ${Buffer.byteLength(content)} bytes`;
  },
);
