/** What a command is, what it may print to, and how it may end. */

/** Exit statuses of every command. `inconclusive` is the gate's alone. */
export const EXIT = Object.freeze({ pass: 0, failure: 1, usage: 2, inconclusive: 3, regression: 99 });

/** What was asked for goes to `out`; everything else (progress, problems) to `err`. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
  /** Someone watches `err`: it is a terminal, and this is no CI job. */
  watched: boolean;
  /** How `out` may be written to. */
  terminal: { color: boolean; width?: number };
}

export interface Command {
  name: string;
  /** One line of the overview. */
  summary: string;
  /** @returns the exit status. */
  run(argv: readonly string[], io: Io): Promise<number>;
}

/** Bad usage: all that is wrong, then where to look. */
export function refuse(io: Io, command: string, problems: readonly string[]): number {
  for (const problem of problems) io.err(`${command}: ${problem}\n`);
  io.err(`${command} --help shows what it takes\n`);
  return EXIT.usage;
}

/** As the process itself prints. */
export function processIo(): Io {
  const { stdout, stderr, env } = process;
  // The reader has seen enough (`| head`): that is no failure.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(EXIT.pass);
  });
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    watched: stderr.isTTY === true && !isSet(env.CI) && env.TERM !== 'dumb',
    terminal: { color: stdout.isTTY === true && !isSet(env.NO_COLOR), ...(stdout.isTTY ? { width: stdout.columns } : {}) },
  };
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}
