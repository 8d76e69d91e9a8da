/** `gatebench status`: how a running gateway is, thread by thread, and what is wrong with one that is not well. */
import { EXIT, type Io, refuse } from './command.ts';
import { type Flag, flagLines, readFlags } from './flags.ts';
import { onInterrupt, pause } from './interrupt.ts';
import { AdminClient, type Asked } from './operate/admin-client.ts';
import { judge } from './operate/checks.ts';
import { gatherFacts } from './operate/facts.ts';
import { findAdminPort, LOCATION_FLAGS, readLocation } from './operate/locate.ts';
import { checksView, statusView, threadsView, type View } from './operate/status-view.ts';

const NAME = 'gatebench status';
const TOKEN_VARIABLE = 'GATEBENCH_TOKEN';
const REDRAW_MS = 1_000;
/** Cursor home, and clear what is below: no flicker, as clearing the screen has. */
const HOME = '\u001b[H\u001b[J';

const FLAGS: readonly Flag[] = [
  { name: 'threads', help: 'each thread and process that runs agents: state, turns, CPU, memory, switches, waits for a core' },
  { name: 'all', help: 'the checklist: what is ok, what is not, and what to do about it' },
  { name: 'watch', help: 'draw it anew every second, on a terminal, until Ctrl-C' },
  { name: 'json', help: 'for programs' },
  { name: 'token-env', takes: 'NAME', help: `with --all: the environment variable with a token to try (${TOKEN_VARIABLE})` },
  ...LOCATION_FLAGS,
];

const HELP_TEXT = `usage: ${NAME} [--threads|--all] [options]

Asks the running gateway at its admin port, which is on loopback.

${flagLines(FLAGS)}
Exit status: 0 it answers (with --all: and all is ok, as far as it could be checked), 1 it does not answer, or something
is not ok, 2 bad usage.
`;

/** What is shown, and how it is with the gateway. */
interface Shown {
  ok: boolean;
  text: string;
}

type Show = (client: AdminClient, view: View | 'json') => Promise<Asked<Shown>>;

export async function runStatus(argv: readonly string[], io: Io): Promise<number> {
  const words = readFlags(argv, FLAGS);
  const { values, positionals, problems } = words;
  if (values.has('help')) {
    io.out(HELP_TEXT);
    return EXIT.pass;
  }
  for (const word of positionals) problems.push(`${word} is one word too many`);
  const [threads, all, watch, json] = ['threads', 'all', 'watch', 'json'].map((name) => values.has(name));
  if (threads && all) problems.push('--threads and --all exclude each other');
  if (watch && json) problems.push('--watch and --json exclude each other');
  if (watch && all) problems.push('--watch goes with the figures, not with --all');
  if (watch && io.terminal.width === undefined) problems.push('--watch needs a terminal');
  const tokenVariable = values.get('token-env')?.[0] ?? TOKEN_VARIABLE;
  const token = process.env[tokenVariable];
  if (values.has('token-env') && !all) problems.push('--token-env goes with --all');
  else if (values.has('token-env') && token === undefined) problems.push(`the environment variable ${tokenVariable} is not set`);
  const location = readLocation(words);
  const port = problems.length > 0 ? undefined : findAdminPort(location);
  if (port?.ok === false) problems.push(port.problem);
  if (problems.length > 0 || !port?.ok) return refuse(io, NAME, problems);
  const show: Show = all ? (client, view) => checklist(client, view, { tokenVariable, token }) : threads ? threadList : figures;
  const client = new AdminClient(port.value);
  return watch ? watchOver(client, show, io) : showOnce(client, show, json ? 'json' : io.terminal, io);
}

async function showOnce(client: AdminClient, show: Show, view: View | 'json', io: Io): Promise<number> {
  const shown = await show(client, view);
  if (!shown.ok) {
    io.err(`${NAME}: ${shown.message}\n${shown.reason === 'unreachable' ? `${NAME} --all says what to do\n` : ''}`);
    return EXIT.failure;
  }
  io.out(shown.value.text);
  return shown.value.ok ? EXIT.pass : EXIT.failure;
}

async function watchOver(client: AdminClient, show: Show, io: Io): Promise<number> {
  using interrupt = onInterrupt();
  for (;;) {
    const shown = await show(client, io.terminal);
    io.out(`${HOME}${shown.ok ? shown.value.text : `${shown.message}\n`}`);
    await pause(REDRAW_MS, interrupt.signal);
    if (interrupt.signal.aborted) return shown.ok ? EXIT.pass : EXIT.failure;
  }
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

const figures: Show = async (client, view) => {
  const asked = await client.status();
  if (!asked.ok) return asked;
  return { ok: true, value: { ok: true, text: view === 'json' ? json(asked.value) : statusView(asked.value, view) } };
};

const threadList: Show = async (client, view) => {
  const asked = await client.threads();
  if (!asked.ok) return asked;
  return { ok: true, value: { ok: true, text: view === 'json' ? json(asked.value) : threadsView(asked.value, view) } };
};

/** A gateway that does not answer is one of its findings. */
async function checklist(
  client: AdminClient,
  view: View | 'json',
  token: { tokenVariable: string; token: string | undefined },
): Promise<Asked<Shown>> {
  const checks = judge(await gatherFacts(client, token));
  const ok = checks.every(({ state }) => state !== 'bad');
  return { ok: true, value: { ok, text: view === 'json' ? json({ ok, checks }) : checksView(checks, view) } };
}
