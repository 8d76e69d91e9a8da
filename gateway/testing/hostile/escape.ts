/** Deeds that would lead out of the sandbox, by code that is under none. */
import { spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { attempt, type Deed } from './deed.ts';

export const escaping: Readonly<Record<string, Deed>> = {
  spawn: () =>
    attempt(() => {
      const { error, status } = spawnSync('true');
      if (error) throw error;
      return `exited with ${status}`;
    }),
  worker: () =>
    attempt(async () => {
      await new Worker('', { eval: true, execArgv: [] }).terminate();
    }),
  addon: () => attempt(() => process.dlopen({ exports: {} }, 'none.node')),
  wasi: () => attempt(async () => void new (await import('node:wasi')).WASI({ version: 'preview1' })),
  inspector: () => attempt(async () => new (await import('node:inspector')).Session().connect()),
};
