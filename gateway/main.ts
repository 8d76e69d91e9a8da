/**
 * The gateway as a process. `--config FILE` gives it its complete configuration; its first line on standard output is
 * one JSON object, either `{"ready":1,…}` with the ports it took or `{"error":…}` with all that is wrong. SIGTERM and
 * SIGINT drain it, a second one ends it at once, SIGHUP makes it read its tokens again. `--mode` stands above the
 * configuration's `agents.execution`.
 *
 * Exit status: 0 stopped as asked, 1 could not start, 2 bad usage or configuration.
 */
import { parseArgs } from 'node:util';
import { EXECUTIONS, type Execution } from '../transports/contract.ts';
import { startGateway } from './app.ts';
import { describeProblem, type Problem } from './config/problems.ts';
import { configSchema, loadConfig } from './config.ts';
import { isProfiled } from './execution/profiling.ts';
import { type Log, openLog } from './log.ts';

/** The same by the name that says what threads are for. */
const THREAD_BOUND = 'thread-bound';
const MODES: readonly string[] = [...EXECUTIONS, THREAD_BOUND];
const USAGE = `usage: gateway --config FILE [--mode ${MODES.join('|')}] [--allow-faults] [--exit-with-stdin] | gateway --print-schema`;
const PROTOCOL = 1;

interface Arguments {
  config?: string | undefined;
  mode: Execution | undefined;
  allowFaults: boolean;
  exitWithStdin: boolean;
  printSchema: boolean;
}

function readArguments(): Arguments | undefined {
  try {
    const { values } = parseArgs({
      options: {
        config: { type: 'string' },
        mode: { type: 'string' },
        'allow-faults': { type: 'boolean', default: false },
        'exit-with-stdin': { type: 'boolean', default: false },
        'print-schema': { type: 'boolean', default: false },
      },
    });
    if ((values.config === undefined) !== values['print-schema']) return undefined;
    const mode = values.mode === THREAD_BOUND ? 'thread' : EXECUTIONS.find((execution) => execution === values.mode);
    if (values.mode !== undefined && mode === undefined) return undefined;
    return {
      config: values.config,
      mode,
      allowFaults: values['allow-faults'],
      exitWithStdin: values['exit-with-stdin'],
      printSchema: values['print-schema'],
    };
  } catch {
    return undefined;
  }
}

function print(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** For programs on standard output, for people on standard error. */
function reportProblems(problems: readonly Problem[]): void {
  print({ error: 'configuration', problems });
  process.stderr.write(`${problems.length} problem${problems.length === 1 ? '' : 's'} in the configuration:\n`);
  for (const problem of problems) process.stderr.write(`  ${describeProblem(problem)}\n`);
  process.exitCode = 2;
}

async function run({ config: path, mode, allowFaults, exitWithStdin }: Arguments & { config: string }): Promise<void> {
  const loaded = loadConfig(path, { env: process.env, allowFaults, ...(mode === undefined ? {} : { execution: mode }) });
  if (!loaded.ok) return reportProblems(loaded.problems);
  try {
    const opened = await openLog(loaded.config.logging);
    const { log } = opened;
    process.on('exit', () => opened.flush());
    process.on('uncaughtExceptionMonitor', (err) => log.fatal({ err }, 'a defect ends the gateway'));
    const gateway = await startGateway(loaded.config, opened);
    stopWhenAsked(log, exitWithStdin, () => gateway.close());
    if (isProfiled()) log.warn('profiled by --cpu-prof: agents have the inspector, and with it a way out of their sandbox');
    process.on('SIGHUP', () => gateway.reload());
    log.info({ ports: gateway.ports }, 'ready');
    print({ ready: 1, protocol: PROTOCOL, pid: process.pid, ports: gateway.ports });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    print({ error: 'startup', message });
    process.stderr.write(`the gateway could not start: ${message}\n`);
    process.exitCode = 1;
  }
}

function stopWhenAsked(log: Log, exitWithStdin: boolean, close: () => Promise<void>): void {
  let stopping = false;
  const stop = async (reason: string) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ reason }, 'stopping');
    await close();
    log.info('stopped');
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
  if (!exitWithStdin) return;
  process.stdin.on('end', () => void stop('standard input closed')).on('error', () => void stop('standard input broke'));
  process.stdin.resume();
}

const given = readArguments();
if (given?.printSchema) process.stdout.write(`${JSON.stringify(configSchema(), null, 2)}\n`);
else if (given?.config !== undefined) await run({ ...given, config: given.config });
else {
  process.stderr.write(`${USAGE}\n`);
  process.exitCode = 2;
}
