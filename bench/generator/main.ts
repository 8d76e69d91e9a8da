/**
 * The generator's process: `main [--pacing spin|yielding]`. Commands come in on standard input and lines go out on
 * standard output (`bench/trial.ts`), the first when it is ready. It ends with its input, or by SIGTERM or SIGINT;
 * the trial under way is then cancelled. Bad usage: the problems as JSON, and status 2.
 */
import { parseArgs } from 'node:util';
import { Alarm } from '../driver/alarm.ts';
import { PACINGS, type Pacing, Spinning, Yielding } from '../driver/waiting.ts';
import type { GeneratorLine } from '../trial.ts';
import { loadText } from '../upstream/text.ts';
import { Generator } from './generator.ts';
import { runTrial } from './trial.ts';

function readPacing(): { ok: true; pacing: Pacing } | { ok: false; problem: string } {
  try {
    const { values } = parseArgs({ options: { pacing: { type: 'string', default: 'yielding' } } });
    const pacing = PACINGS.find((known) => known === values.pacing);
    return pacing ? { ok: true, pacing } : { ok: false, problem: `--pacing is ${values.pacing}, expected ${PACINGS.join(' or ')}` };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

async function serve(pacing: Pacing): Promise<void> {
  const [alarm, text] = await Promise.all([pacing === 'yielding' ? Alarm.open() : undefined, loadText()]);
  const waiting = alarm ? new Yielding(alarm) : new Spinning();
  const emit = (line: GeneratorLine) => void process.stdout.write(`${JSON.stringify(line)}\n`);
  const inputText = (seed: string, tokens: number) => text.inputText(seed, tokens);
  const generator = new Generator({
    emit,
    runTrial: (spec, onWindow, signal) => runTrial(spec, { waiting, inputText, onWindow, signal }),
  });
  const end = async () => {
    process.off('SIGTERM', end).off('SIGINT', end);
    process.stdin.destroy();
    // The trial under way may be waiting for nothing but the alarm, whose thread keeps no process alive.
    const alive = setInterval(() => {}, 1_000);
    await generator.close();
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
  emit({ ready: 1, pid: process.pid });
}

const read = readPacing();
if (read.ok) await serve(read.pacing);
else {
  process.stdout.write(`${JSON.stringify({ problems: [read.problem] })}\n`);
  process.exitCode = 2;
}
