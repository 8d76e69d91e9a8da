/**
 * `gatebench gateway start`: the reference gateway in the foreground, as a process of its own; `logs` is in `logs.ts`.
 *
 * The child gets a process group of its own, since a terminal's Ctrl-C goes to a whole group: it would reach the
 * gateway twice, directly and through here, and a second signal means "at once". It ends with this process, because
 * its standard input closes.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { modulePath } from '../host/package.ts';
import { type Command, EXIT, type Io, refuse } from './command.ts';
import { type Flag, flagLines, helpLines, readFlags } from './flags.ts';
import { DEFAULT_FILE, MODES } from './operate/defaults.ts';
import { didYouMean } from './suggest.ts';

const NAME = 'gatebench gateway';

const START_FLAGS: readonly Flag[] = [
  { name: 'config', takes: 'FILE', help: `its configuration (${DEFAULT_FILE}); gatebench schema config describes it` },
  { name: 'mode', takes: 'MODE', help: `where agents run, above what agents.execution says: ${MODES.join(', ')}` },
  { name: 'allow-faults', help: 'accept the key faults, which makes a gateway slow or wasteful on purpose' },
];
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const START_HELP = `usage: ${NAME} start [options]

Runs the reference gateway in the foreground. The first line on standard output is JSON and holds its ports.
SIGINT and SIGTERM drain it, a second one ends it at once; SIGHUP makes it read its tokens again.

${flagLines(START_FLAGS)}`;

const ACTIONS: Readonly<Record<string, { summary: string; run(argv: readonly string[], io: Io): Promise<number> }>> = {
  start: { summary: 'run the reference gateway in the foreground', run: runStart },
  logs: {
    summary: 'show what a gateway has logged',
    async run(argv, io) {
      const { runLogs } = await import('./logs.ts');
      return runLogs(argv, io);
    },
  },
};

const HELP_TEXT = `usage: ${NAME} ${Object.keys(ACTIONS).join('|')} [options]

${helpLines(Object.entries(ACTIONS).map(([name, { summary }]) => [name, summary] as const))}
${NAME} ACTION --help says more.
`;

export const gatewayCommand: Command = {
  name: 'gateway',
  summary: 'run the reference gateway alone, or show its log',
  async run(argv, io) {
    const [word, ...rest] = argv;
    if (word !== undefined && Object.hasOwn(ACTIONS, word)) return ACTIONS[word]!.run(rest, io);
    const { values, positionals, problems } = readFlags(argv, [...START_FLAGS]);
    if (values.has('help') || word === undefined) {
      io.out(HELP_TEXT);
      return word === undefined ? EXIT.usage : EXIT.pass;
    }
    const [action] = positionals;
    const known = Object.keys(ACTIONS);
    problems.unshift(
      action === undefined
        ? `what shall it do? ${known.join(' or ')}`
        : Object.hasOwn(ACTIONS, action)
          ? `${action} comes first, its options after it`
          : `there is no ${NAME} ${action}${didYouMean(action, known) || `; there are ${known.join(' and ')}`}`,
    );
    return refuse(io, NAME, problems);
  },
};

async function runStart(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals, problems } = readFlags(argv, START_FLAGS);
  if (values.has('help')) {
    io.out(START_HELP);
    return EXIT.pass;
  }
  for (const word of positionals) problems.push(`${word} is one word too many`);
  const mode = values.get('mode')?.[0];
  if (mode !== undefined && !MODES.includes(mode)) {
    problems.push(`there is no mode ${mode}${didYouMean(mode, MODES) || `; there are ${MODES.join(', ')}`}`);
  }
  const config = values.get('config')?.[0] ?? DEFAULT_FILE;
  if (!values.has('config') && !existsSync(config))
    problems.push(`there is no ${DEFAULT_FILE} here; name the configuration: --config FILE`);
  if (problems.length > 0) return refuse(io, `${NAME} start`, problems);
  return runModule([
    ...['--config', config],
    ...(mode === undefined ? [] : ['--mode', mode]),
    ...(values.has('allow-faults') ? ['--allow-faults'] : []),
    '--exit-with-stdin',
  ]);
}

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
