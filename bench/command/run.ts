/**
 * `gatebench run`: one command by an agent in a thread of its own, in a gateway that is there for it alone. While it
 * runs, the gateway's admin page answers (`gatebench status --threads`); when it has ended, what is left of it is
 * looked for and said.
 */
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Outcome, Running, TurnEvent } from '../../transports/contract.ts';
import { ChildError } from '../orchestrator/children.ts';
import { EXIT, type Io, refuse } from './command.ts';
import { type Flag, flagLines, readFlags, readNumber } from './flags.ts';
import { onInterrupt, pause } from './interrupt.ts';
import { commandEndOf, exitStatusOf, RUN_EXIT } from './operate/command-end.ts';
import { DEFAULT_ADMIN_PORT, MODES } from './operate/defaults.ts';
import { type PrivateGateway, type PrivateGatewayOptions, startPrivateGateway } from './operate/private-gateway.ts';
import { lookReclaimed } from './operate/reclaimed.ts';
import { KeptOutput, type RunReport, runJson, runSummary } from './operate/run-report.ts';
import { didYouMean } from './suggest.ts';

const NAME = 'gatebench run';
/** Those that can run commands. */
const AGENTS: readonly string[] = ['codex'];
const DEFAULTS = { agent: 'codex', mode: 'thread-bound', timeoutS: 60 } as const;
const TIMEOUT_S = { min: 0.1, max: 80_000, integer: false };
/** A gateway that does not answer has ended, or is about to. */
const GONE_MS = 1_000;
/** In the environment of the command, so that what it leaves behind can be found. */
const MARK = 'GATEBENCH_RUN';

const FLAGS: readonly Flag[] = [
  { name: 'command', takes: 'LINE', help: 'a script of the workspace by its kind (.py, .js), a program, or ./FILE; quotes as in a shell' },
  { name: 'agent', takes: 'NAME', help: `which one runs it (${DEFAULTS.agent})` },
  { name: 'mode', takes: 'MODE', help: `where the agent runs: ${MODES.join(', ')} (${DEFAULTS.mode})` },
  { name: 'timeout', takes: 'SECONDS', help: `after this the command and all that it started are killed (${DEFAULTS.timeoutS})` },
  { name: 'workspace', takes: 'DIR', help: 'the folder that it runs in, and that its files are in (the current one)' },
  { name: 'env', takes: 'NAME', repeat: true, help: 'a variable of this environment that the command shall have; it has no others' },
  { name: 'json', help: 'one JSON object at the end, output included, in place of both' },
];

const HELP_TEXT = `usage: ${NAME} --command LINE [options]

Starts a gateway of its own, sends the command to its agent, and shows the output as it comes. There is no shell: no
pipes, no variables, no wildcards. Ctrl-C cancels. Meanwhile gatebench status --threads shows the agent's thread.
At the end standard error has how it ended, the main thread's worst delay, and what is left of the command.

${flagLines(FLAGS)}
Exit status: the command's own, ${RUN_EXIT.timedOut} it timed out, ${RUN_EXIT.refused} it was refused, ${RUN_EXIT.signal} + N a signal ended it (130: Ctrl-C),
1 the gateway failed, 2 bad usage.
`;

interface RunOptions extends Omit<PrivateGatewayOptions, 'env'> {
  env: Record<string, string>;
  json: boolean;
}

export async function runByAgent(argv: readonly string[], io: Io): Promise<number> {
  const words = readFlags(argv, FLAGS);
  const { values, problems } = words;
  if (values.has('help')) {
    io.out(HELP_TEXT);
    return EXIT.pass;
  }
  for (const word of words.positionals) problems.push(`${word} is one word too many; quote the whole line: --command "analyze.py --x 1"`);
  const one = (name: string) => values.get(name)?.[0];
  const command = one('command') ?? '';
  if (command.trim() === '') problems.push('--command LINE is missing');
  const agent = oneOf(one('agent') ?? DEFAULTS.agent, AGENTS, 'agent that runs commands', problems);
  const mode = oneOf(one('mode') ?? DEFAULTS.mode, MODES, 'mode', problems);
  const timeoutMs = Math.round((readNumber(words, 'timeout', TIMEOUT_S) ?? DEFAULTS.timeoutS) * 1_000);
  const workspace = resolve(one('workspace') ?? '.');
  if (!statSync(workspace, { throwIfNoEntry: false })?.isDirectory()) problems.push(`--workspace ${workspace} is no folder`);
  const env = readEnv(values.get('env') ?? [], problems);
  if (problems.length > 0) return refuse(io, NAME, problems);
  return runIt({ command, agent, mode, timeoutMs, workspace, env, json: values.has('json') }, io);
}

function oneOf(word: string, known: readonly string[], what: string, problems: string[]): string {
  if (!known.includes(word))
    problems.push(
      `there is no ${what} ${word}${didYouMean(word, known) || `; there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`}`,
    );
  return word;
}

function readEnv(names: readonly string[], problems: string[]): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of names) {
    const value = process.env[name];
    if (!/^[A-Za-z_]\w*$/.test(name)) problems.push(`--env takes the name of a variable; ${JSON.stringify(name)} is none`);
    else if (name === MARK) problems.push(`--env ${MARK} is set by this command itself`);
    else if (value === undefined) problems.push(`--env ${name}: there is no such variable in this environment`);
    else env[name] = value;
  }
  return env;
}

async function runIt(options: RunOptions, io: Io): Promise<number> {
  using interrupt = onInterrupt();
  const mark = randomBytes(8).toString('hex');
  let gateway: PrivateGateway;
  try {
    gateway = await startPrivateGateway({ ...options, env: { ...options.env, [MARK]: mark } });
  } catch (error) {
    if (!(error instanceof ChildError)) throw error;
    io.err(`${NAME}: ${error.message}\n`);
    return RUN_EXIT.failed;
  }
  try {
    const { port } = gateway.admin;
    if (port !== DEFAULT_ADMIN_PORT && !options.json) io.err(`${NAME}: meanwhile gatebench status --threads --admin ${port}\n`);
    const output = options.json ? new KeptOutput() : io;
    const report = await attend(gateway, options, interrupt.signal, `${MARK}=${mark}`, (text) => output.out(text));
    const exitStatus = exitStatusOf(report.end);
    if (output instanceof KeptOutput) io.out(runJson(options, report, exitStatus, output));
    else io.err(`${NAME}: ${runSummary(options.mode, report)}`);
    return exitStatus;
  } finally {
    await gateway.close();
  }
}

async function attend(
  gateway: PrivateGateway,
  options: RunOptions,
  signal: AbortSignal,
  mark: string,
  out: (text: string) => void,
): Promise<RunReport> {
  const { admin } = gateway;
  await admin.beginWindow();
  const startedMs = performance.now();
  const outcome = await turnOf(gateway, options, signal, out);
  const wallMs = Math.round(performance.now() - startedMs);
  const end = commandEndOf(outcome);
  const status = await admin.status();
  if (!status.ok) {
    const gone = await Promise.race([gateway.exited, pause(GONE_MS, signal)]);
    return { end: gone === undefined ? end : { kind: 'failed', message: `it ${gone}` }, wallMs, loopDelayMs: null, reclaimed: null };
  }
  return { end, wallMs, loopDelayMs: pick(status.value.window.loopDelayMs), reclaimed: (await lookReclaimed(admin, mark)) ?? null };
}

const pick = ({ p50, p99, max }: { p50: number; p99: number; max: number }) => ({ p50, p99, max });

/** The turn that runs the command; its end always comes, since the gateway bounds it in time. */
function turnOf(
  gateway: PrivateGateway,
  { agent, command }: RunOptions,
  signal: AbortSignal,
  out: (text: string) => void,
): Promise<Outcome> {
  return new Promise((settle) => {
    let running: Running | undefined;
    const cancel = () => running?.cancel();
    const push = (event: TurnEvent) => {
      if (event.type === 'text') out(event.text);
      else if (event.type === 'end') {
        signal.removeEventListener('abort', cancel);
        settle(event.outcome);
      }
      // A pipe that is full holds this process up, and with it the gateway, and with that the command.
      return true;
    };
    const turn = { key: 'run', agent, model: 'none', input: [{ role: 'user', content: `!${command}` }], want: { phases: false } } as const;
    running = gateway.client.handler(turn, { push });
    signal.addEventListener('abort', cancel);
    if (signal.aborted) cancel();
  });
}
