/**
 * The mock LLM's process: `main --config FILE [--exit-with-stdin]`. One line of JSON on standard output when it is
 * ready, configuration problems as JSON and status 2, ended by SIGTERM or SIGINT, or with its parent.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ParsedConfig, parseConfig } from './config.ts';
import { startService } from './service.ts';

const GRACE_MS = 500;

function readConfig(): { parsed: ParsedConfig; exitWithStdin: boolean } {
  try {
    const { values } = parseArgs({ options: { config: { type: 'string' }, 'exit-with-stdin': { type: 'boolean' } } });
    const exitWithStdin = values['exit-with-stdin'] ?? false;
    if (values.config === undefined) return { parsed: { problems: ['--config FILE is missing'] }, exitWithStdin };
    const value: unknown = JSON.parse(readFileSync(values.config, 'utf8'));
    return { parsed: parseConfig(value), exitWithStdin };
  } catch (error) {
    return { parsed: { problems: [error instanceof Error ? error.message : String(error)] }, exitWithStdin: false };
  }
}

const { parsed, exitWithStdin } = readConfig();
if ('problems' in parsed) {
  process.stdout.write(`${JSON.stringify({ problems: parsed.problems })}\n`);
  process.exitCode = 2;
} else {
  const service = await startService(parsed.config, (code, message) => {
    if (code === 'internal_error') process.stderr.write(`${message}\n`);
  });
  const stop = () => {
    process.off('SIGTERM', stop).off('SIGINT', stop);
    process.stdin.destroy();
    void service.close(GRACE_MS);
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  if (exitWithStdin) process.stdin.on('end', stop).on('error', stop).resume();
  process.stdout.write(`${JSON.stringify({ ready: 1, protocol: 1, pid: process.pid, ports: service.ports })}\n`);
}
