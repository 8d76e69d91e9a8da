/** Chooses the command. */
import { packageVersion } from '../host/package.ts';
import { type Command, EXIT, type Io, refuse } from './command.ts';
import { helpLines } from './flags.ts';
import { didYouMean } from './suggest.ts';

/** @returns the exit status; never throws. */
export async function runCommand(commands: readonly Command[], argv: readonly string[], io: Io): Promise<number> {
  const [word, ...rest] = argv;
  if (word === undefined || word === '--help' || word === '-h' || word === 'help') {
    io.out(overview(commands));
    return word === undefined ? EXIT.usage : EXIT.pass;
  }
  if (word === '--version' || word === '-V') {
    io.out(`${packageVersion()}\n`);
    return EXIT.pass;
  }
  const command = commands.find(({ name }) => name === word);
  if (!command) {
    const what = word.startsWith('-') ? `there is no option ${word}` : `there is no command ${word}`;
    return refuse(io, 'gatebench', [`${what}${didYouMean(word, [...commands.map(({ name }) => name), '--help', '--version'])}`]);
  }
  try {
    return await command.run(rest, io);
  } catch (error) {
    io.err(`gatebench ${word}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return EXIT.failure;
  }
}

function overview(commands: readonly Command[]): string {
  return `What does a token cost on its way through a gateway, and why?

usage: gatebench COMMAND …

${helpLines(commands.map(({ name, summary }) => [name, summary] as const))}
gatebench COMMAND --help says more; gatebench --version which one this is.
`;
}
