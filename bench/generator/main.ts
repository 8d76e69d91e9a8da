/**
 * The generator's process: `main [--pacing spin|yielding] [--metrics-port N]`. Commands come in on standard input and lines go out on
 * standard output (`bench/trial.ts`), the first when it is ready. With a port (0: a free one) it has a metrics page. It ends with its input, or by SIGTERM or SIGINT;
 * the trial under way is then cancelled. Bad usage: the problems as JSON, and status 2.
 */
import { parseArgs } from 'node:util';
import { Alarm } from '../driver/alarm.ts';
import { PACINGS, type Pacing, Spinning, Yielding } from '../driver/waiting.ts';
import { GeneratorMetrics } from '../telemetry/generator-metrics.ts';
import { startMetrics } from '../telemetry/metrics.ts';
import type { GeneratorLine } from '../trial.ts';
import { loadText } from '../upstream/text.ts';
import { Generator } from './generator.ts';
import { runTrial } from './trial.ts';

interface Arguments {
  pacing: Pacing;
  metricsPort: number | undefined;
}

function readArguments(): { ok: true; value: Arguments } | { ok: false; problems: string[] } {
  try {
    const { values } = parseArgs({ options: { pacing: { type: 'string', default: 'yielding' }, 'metrics-port': { type: 'string' } } });
    const problems: string[] = [];
    const pacing = PACINGS.find((known) => known === values.pacing);
    if (!pacing) problems.push(`--pacing is ${values.pacing}, expected ${PACINGS.join(' or ')}`);
    const given = values['metrics-port'];
    const metricsPort = given === undefined ? undefined : Number(given);
    if (given !== undefined && !(/^\d{1,5}$/.test(given) && Number(given) <= 65_535))
      problems.push(`--metrics-port is ${given}, expected 0 to 65535`);
    return pacing && problems.length === 0 ? { ok: true, value: { pacing, metricsPort } } : { ok: false, problems };
  } catch (error) {
    return { ok: false, problems: [error instanceof Error ? error.message : String(error)] };
  }
}

async function serve({ pacing, metricsPort }: Arguments): Promise<void> {
  const [alarm, text] = await Promise.all([pacing === 'yielding' ? Alarm.open() : undefined, loadText()]);
  const waiting = alarm ? new Yielding(alarm) : new Spinning();
  const emit = (line: GeneratorLine) => void process.stdout.write(`${JSON.stringify(line)}\n`);
  const inputText = (seed: string, tokens: number) => text.inputText(seed, tokens);
  const metrics = new GeneratorMetrics();
  const page = metricsPort === undefined ? undefined : await startMetrics('generator', metricsPort, metrics);
  const generator = new Generator({
    emit,
    runTrial: (spec, told, signal) => runTrial(spec, { waiting, inputText, ...told, ...(page ? { metrics } : {}), signal }),
  });
  const end = async () => {
    process.off('SIGTERM', end).off('SIGINT', end);
    process.stdin.destroy();
    // The trial under way may be waiting for nothing but the alarm, whose thread keeps no process alive.
    const alive = setInterval(() => {}, 1_000);
    await generator.close();
    await page?.close();
    clearInterval(alive);
    await alarm?.close();
  };
  process.on('SIGTERM', end).on('SIGINT', end);
  // Nobody listens any more.
  process.stdout.on('error', end);
  process.stdin
    .setEncoding('utf8')
    .on('data', (chunk: string) => {
      if (!generator.take(chunk)) void end();
    })
    .on('end', end)
    .on('error', end);
  emit({ ready: 1, pid: process.pid, ...(page ? { ports: { metrics: page.port } } : {}) });
}

const read = readArguments();
if (read.ok) await serve(read.value);
else {
  process.stdout.write(`${JSON.stringify({ problems: read.problems })}\n`);
  process.exitCode = 2;
}
