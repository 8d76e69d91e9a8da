/** A command's input and output, kept for a test to look at. */
import type { Io } from '../command.ts';

export interface KeptIo extends Io {
  readonly seen: { out: string; err: string };
}

export function keptIo(terminal: Io['terminal'] = { color: false }): KeptIo {
  const seen = { out: '', err: '' };
  return {
    seen,
    out: (text) => {
      seen.out += text;
    },
    err: (text) => {
      seen.err += text;
    },
    watched: false,
    terminal,
  };
}
