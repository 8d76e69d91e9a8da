/**
 * The links' process: `main --config FILE [--pacing spin|yielding] [--exit-with-stdin]`. One line of JSON on standard
 * output when it is ready, problems as JSON and status 2, ended by SIGTERM or SIGINT, or with its parent.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { PACINGS, type Pacing } from '../driver/waiting.ts';
import { type LinksConfig, parseConfig } from './config.ts';
import { startService } from './service.ts';

type Read = { config: LinksConfig; pacing: Pacing; exitWithStdin: boolean } | { problems: readonly string[] };

function read(): Read {
  try {
    const { values } = parseArgs({
      options: { config: { type: 'string' }, pacing: { type: 'string', default: 'yielding' }, 'exit-with-stdin': { type: 'boolean' } },
    });
    const pacing = PACINGS.find((known) => known === values.pacing);
    const parsed = values.config === undefined ? { problems: ['--config FILE is missing'] } : readConfig(values.config);
    const problems = [
      ...(pacing ? [] : [`--pacing is ${values.pacing}, expected ${PACINGS.join(' or ')}`]),
      ...('problems' in parsed ? parsed.problems : []),
    ];
    if (!pacing || 'problems' in parsed) return { problems };
    return { config: parsed.value, pacing, exitWithStdin: values['exit-with-stdin'] ?? false };
  } catch (error) {
    return { problems: [messageOf(error)] };
  }
}

function readConfig(path: string): ReturnType<typeof parseConfig> {
  try {
    return parseConfig(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    return { problems: [messageOf(error)] };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const started = read();
if ('problems' in started) {
  process.stdout.write(`${JSON.stringify({ problems: started.problems })}\n`);
  process.exitCode = 2;
} else {
  const service = await startService(started.config, started.pacing);
  const stop = () => {
    process.off('SIGTERM', stop).off('SIGINT', stop);
    process.stdin.destroy();
    void service.close();
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  if (started.exitWithStdin) process.stdin.on('end', stop).on('error', stop).resume();
  process.stdout.write(`${JSON.stringify({ ready: 1, protocol: 1, pid: process.pid, ports: service.ports })}\n`);
}
