/** `gatebench gateway logs`: what a gateway has logged, and goes on to log. */
import { EXIT, type Io, refuse } from './command.ts';
import { type Flag, flagLines, readFlags, readNumber } from './flags.ts';
import { onInterrupt, pause } from './interrupt.ts';
import { findLogFile, LOCATION_FLAGS, readLocation } from './operate/locate.ts';
import { linesOf, logFilesOf, sizesOf } from './operate/log-files.ts';
import { FOLLOW_INTERVAL_MS, LogFollower } from './operate/log-follow.ts';
import { isAtLeast, LEVEL_NAMES, type Level, type LogLine, prettyLine, readLogLine } from './operate/log-lines.ts';
import { didYouMean } from './suggest.ts';

const NAME = 'gatebench gateway logs';
const DEFAULT_LINES = 200;
const LINES = { min: 0, max: 1_000_000, integer: true };

const FLAGS: readonly Flag[] = [
  { name: 'level', takes: 'LEVEL', help: `this level and above: ${LEVEL_NAMES.join(', ')} (all that was logged)` },
  { name: 'lines', takes: 'N', help: `the last ones (${DEFAULT_LINES})` },
  { name: 'follow', help: 'go on with what comes, also into new files, until Ctrl-C' },
  { name: 'json', help: 'the lines as they were logged' },
  { name: 'file', takes: 'FILE', help: 'the log itself, as logging.file names it' },
  ...LOCATION_FLAGS,
];

const HELP_TEXT = `usage: ${NAME} [options]

Shows the log of the running gateway at the default admin port, else that of ./openclaw.json. What a gateway logs at all
is up to logging.level in its configuration.

${flagLines(FLAGS)}
Exit status: 0 shown, 1 there is no log to show, 2 bad usage.
`;

interface Wanted {
  level: Level;
  lines: number;
  show: (line: LogLine) => string;
}

export async function runLogs(argv: readonly string[], io: Io): Promise<number> {
  const words = readFlags(argv, FLAGS);
  const { values, positionals, problems } = words;
  if (values.has('help')) {
    io.out(HELP_TEXT);
    return EXIT.pass;
  }
  for (const word of positionals) problems.push(`${word} is one word too many`);
  const wantedLevel = values.get('level')?.[0] ?? 'trace';
  const level = LEVEL_NAMES.find((name) => name === wantedLevel);
  if (!level)
    problems.push(`there is no level ${wantedLevel}${didYouMean(wantedLevel, LEVEL_NAMES) || `; there are ${LEVEL_NAMES.join(', ')}`}`);
  const lines = readNumber(words, 'lines', LINES) ?? DEFAULT_LINES;
  const location = readLocation(words);
  const given = values.get('file')?.[0];
  if (given !== undefined && (values.has('admin') || values.has('config'))) problems.push('--file excludes --admin and --config');
  if (problems.length > 0 || !level) return refuse(io, NAME, problems);
  const found = given === undefined ? await findLogFile(location) : ({ ok: true, value: given } as const);
  if (!found.ok) return noLog(io, found.problem);
  const follow = values.has('follow');
  const files = logFilesOf(found.value);
  if (files.length === 0 && !follow) return noLog(io, `there is no log at ${found.value} (yet)`);
  const show = values.has('json') ? ({ text }: LogLine) => `${text}\n` : prettyLine(io.terminal.color);
  const shown = sizesOf(files);
  await showLast(shown, { level, lines, show }, io);
  if (follow) await showNew(new LogFollower(found.value, shown), { level, lines, show }, io);
  return EXIT.pass;
}

function noLog(io: Io, problem: string): number {
  io.err(`${NAME}: ${problem}\n`);
  return EXIT.failure;
}

async function showLast(files: ReadonlyMap<string, number>, { level, lines, show }: Wanted, io: Io): Promise<void> {
  const last: LogLine[] = [];
  for await (const text of linesOf(files)) {
    const line = readLogLine(text);
    if (!isAtLeast(line, level)) continue;
    last.push(line);
    // Cut now and then, and not by one each time.
    if (last.length >= 2 * lines + 1_000) last.splice(0, last.length - lines);
  }
  for (const line of lines === 0 ? [] : last.slice(-lines)) io.out(show(line));
}

async function showNew(follower: LogFollower, { level, show }: Wanted, io: Io): Promise<void> {
  using interrupt = onInterrupt();
  while (!interrupt.signal.aborted) {
    for (const text of follower.read()) {
      const line = readLogLine(text);
      if (isAtLeast(line, level)) io.out(show(line));
    }
    await pause(FOLLOW_INTERVAL_MS, interrupt.signal);
  }
}
