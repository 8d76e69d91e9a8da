/**
 * `gatebench gateway start`: the reference gateway in the foreground, as a process of its own.
 *
 * The child gets a process group of its own, since a terminal's Ctrl-C goes to a whole group: it would reach the
 * gateway twice, directly and through here, and a second signal means "at once". It ends with this process, because
 * its standard input closes.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { modulePath } from '../host/package.ts';
import { type Command, EXIT, refuse } from './command.ts';
import { type Flag, flagLines, readFlags } from './flags.ts';
import { didYouMean } from './suggest.ts';

const NAME = 'gatebench gateway';
const FLAGS: readonly Flag[] = [
  { name: 'config', takes: 'FILE', help: 'its configuration (gatebench schema config describes it)' },
  { name: 'allow-faults', help: 'accept the key faults, which makes a gateway slow or wasteful on purpose' },
];
const ACTIONS = ['start'] as const;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const HELP_TEXT = `usage: ${NAME} start --config FILE [options]

Runs the reference gateway in the foreground. The first line on standard output is JSON and holds its ports.
SIGINT and SIGTERM drain it, a second one ends it at once; SIGHUP makes it read its tokens again.

${flagLines(FLAGS)}`;

export const gatewayCommand: Command = {
  name: 'gateway',
  summary: 'run the reference gateway alone',
  async run(argv, io) {
    const { values, positionals, problems } = readFlags(argv, FLAGS);
    if (values.has('help') || argv.length === 0) {
      io.out(HELP_TEXT);
      return argv.length === 0 ? EXIT.usage : EXIT.pass;
    }
    const [action, ...rest] = positionals;
    if (action === undefined) problems.push(`what shall it do? ${ACTIONS.join(', ')}`);
    else if (action !== 'start')
      problems.push(`there is no ${NAME} ${action}${didYouMean(action, ACTIONS) || `; there is ${ACTIONS.join(', ')}`}`);
    for (const word of rest) problems.push(`${word} is one word too many`);
    const config = values.get('config')?.[0];
    if (config === undefined) problems.push('--config FILE is missing');
    if (problems.length > 0 || config === undefined) return refuse(io, NAME, problems);
    return runModule(['--config', config, ...(values.has('allow-faults') ? ['--allow-faults'] : []), '--exit-with-stdin']);
  },
};

/** @returns the gateway's own exit status, or as a shell would put it where a signal ended it. */
function runModule(words: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [modulePath('gateway/main'), ...words], { stdio: ['pipe', 'inherit', 'inherit'], detached: true });
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, forward);
  const ended = Promise.withResolvers<number>();
  child.once('error', ended.reject);
  child.once('exit', (code, signal) => ended.resolve(code ?? 128 + signalNumber(signal)));
  return ended.promise.finally(() => {
    for (const signal of SIGNALS) process.off(signal, forward);
  });
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal];
}
