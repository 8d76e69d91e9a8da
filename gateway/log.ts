/**
 * The gateway's log: JSON lines on standard error, or in files of a bounded size and number. Never content; secrets
 * are cut out by the name of their field, and bearer tokens and JWTs by their form wherever they stand.
 *
 * Lines for a file are written at once and not handed to a thread: an agent that runs out of memory can abort the whole
 * process, and the lines that lead up to it are then the ones that matter. Standard error may be a pipe that nobody
 * reads, which must not hold up the main thread; it is written in the background, and at exit.
 */
import { pino } from 'pino';
import roll from 'pino-roll';
import { pruneLogFiles } from './log-files.ts';

export type Log = pino.Logger;

export interface LogOptions {
  level: string;
  /** Absolute. Its files are numbered before the extension: `gateway.log` is `gateway.1.log`, `gateway.2.log`, … */
  file?: string | undefined;
  fileBytesMax: number;
  filesMax: number;
}

/** How the log fares, for the status page. */
export interface LogHealth {
  /** As configured, and the one that is written now; `null` for standard error. */
  readonly file: string | null;
  readonly currentFile: string | null;
  /** Lines of level error and above. */
  readonly errorsLogged: number;
  readonly lastErrorAt: string | null;
  /** Lines lost because they could not be written. */
  readonly linesDropped: number;
}

export interface OpenLog {
  log: Log;
  health: LogHealth;
  /** Writes out what is held; for the end of the process. */
  flush(): void;
}

const SECRET_KEYS = [
  'authorization',
  'cookie',
  'headers',
  'env',
  'key',
  'token',
  'tokens',
  'apiKey',
  'jwt',
  'sessionKey',
  'sessionToken',
  'secret',
  'content',
  'input',
];
const SECRET_DEPTHS = ['', '*.', '*.*.'];
const CENSOR = '[secret]';
/** RFC 6750's `Bearer b64token`, and the compact form of RFC 7519, whose header always begins with `{"`. */
const SECRET_FORMS: readonly [RegExp, string][] = [
  [/\b(Bearer|Basic) +[A-Za-z0-9\-._~+/]+=*/gi, `$1 ${CENSOR}`],
  [/\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, CENSOR],
];

const STDERR = 2;
const HELD_CHARACTERS_MAX = 4 * 1024 * 1024;

type Destination = ReturnType<typeof pino.destination>;

/** @throws when the file cannot be written. */
export async function openLog({ level, file, fileBytesMax, filesMax }: LogOptions): Promise<OpenLog> {
  const health = {
    file: file ?? null,
    currentFile: null as string | null,
    errorsLogged: 0,
    lastErrorAt: null as string | null,
    linesDropped: 0,
  };
  const destination = file === undefined ? standardError() : await rollingFile(file, fileBytesMax, filesMax, health);
  destination.on('drop', () => {
    health.linesDropped += 1;
  });
  const log = pino(
    {
      level,
      redact: { paths: SECRET_DEPTHS.flatMap((depth) => SECRET_KEYS.map((key) => depth + key)), censor: CENSOR },
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: {
        logMethod(args, method, levelNumber) {
          if (levelNumber >= pino.levels.values.error!) {
            health.errorsLogged += 1;
            health.lastErrorAt = new Date().toISOString();
          }
          method.apply(this, args);
        },
        streamWrite: (line) => SECRET_FORMS.reduce((text, [form, shown]) => text.replace(form, shown), line),
      },
    },
    destination,
  );
  return { log, health, flush: () => destination.flushSync() };
}

function standardError(): Destination {
  return pino.destination({ dest: STDERR, sync: false, maxLength: HELD_CHARACTERS_MAX });
}

async function rollingFile(file: string, bytesMax: number, filesMax: number, health: { currentFile: string | null }): Promise<Destination> {
  const destination = await roll({ file, size: `${bytesMax}b`, mode: 0o600, sync: true, maxLength: HELD_CHARACTERS_MAX });
  let told = false;
  // Whatever is wrong with a log's files, it must not stop what is logged.
  const failed = (error: unknown) => {
    if (!told) process.stderr.write(`the log file cannot be written: ${error instanceof Error ? error.message : String(error)}\n`);
    told = true;
  };
  // At the first file and after each change. pino-roll's own pruning forgets files from before a restart, or counts
  // strangers' files among ours.
  const begun = () => {
    health.currentFile = destination.file;
    try {
      pruneLogFiles(file, filesMax);
    } catch (error) {
      failed(error);
    }
  };
  destination.on('ready', begun);
  destination.on('error', failed);
  begun();
  return destination;
}
