/** Deeds on files. The argument is a path. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { attempt, type Deed } from './deed.ts';

export const files: Readonly<Record<string, Deed>> = {
  read: ({ argument }) => attempt(() => readFileSync(argument, 'utf8')),
  write: ({ argument }) => attempt(() => writeFileSync(argument, 'written by an agent')),
  database: ({ argument }) =>
    attempt(async () => {
      const { DatabaseSync } = await import('node:sqlite');
      new DatabaseSync(argument).exec('CREATE TABLE written (by TEXT)');
    }),
  /** Leaves a file in its own workspace, and says where. */
  leave: ({ context: { session }, argument }) =>
    attempt(() => {
      const path = join(session.workspace, 'left.txt');
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, argument);
      return path;
    }),
  /** The argument is a number of megabytes. */
  fill: ({ context: { session }, argument }) =>
    attempt(() => {
      mkdirSync(session.workspace, { recursive: true });
      writeFileSync(join(session.workspace, 'filled'), Buffer.alloc(Number(argument) * 1024 ** 2, 1));
    }),
};
