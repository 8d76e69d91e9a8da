/** Works on files for a while: writes some, reads them back, compares, deletes them, and begins again. */
import { mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { integer } from './parameters.ts';
import { tool } from './tool.ts';
import { openWorkspace } from './workspace.ts';

const MS_MAX = 600_000;
const FILES_MAX = 1_000;
const BYTES_MAX = 16 * 1024 * 1024;

export const workOnFiles = tool(
  'work_on_files',
  'Writes files to the workspace, reads them back, compares and deletes them, again and again for as long as is asked for.',
  {
    required: { ms: integer('Milliseconds; what was begun is finished.', 0, MS_MAX) },
    optional: {
      files: integer('How many at once. Default: 8.', 1, FILES_MAX),
      bytes: integer('Of each. Default: 65536.', 1, BYTES_MAX),
    },
  },
  async ({ ms, files = 8, bytes = 65_536 }, { session, signal }) => {
    const untilMs = performance.now() + ms;
    // Of its own, so that two at once do not meet.
    const folder = await mkdtemp(join(await openWorkspace(session.workspace), 'work-'));
    let rounds = 0;
    try {
      do {
        await oneRound(folder, files, Buffer.alloc(bytes, `round ${rounds} `), signal);
        rounds += 1;
      } while (performance.now() < untilMs);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return JSON.stringify({ rounds, filesWritten: rounds * files, bytesWritten: rounds * files * bytes });
  },
);

/** One file after the other, as a program would: in parallel they would fill the pool that all file work shares. */
async function oneRound(folder: string, files: number, content: Buffer, signal: AbortSignal): Promise<void> {
  const paths = Array.from({ length: files }, (_, index) => join(folder, `${index}.bin`));
  for (const path of paths) {
    signal.throwIfAborted();
    await writeFile(path, content);
  }
  for (const path of paths) {
    signal.throwIfAborted();
    if (!content.equals(await readFile(path))) throw new Error('a file did not hold what was written to it');
    await unlink(path);
  }
}
