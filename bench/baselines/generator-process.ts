/**
 * Generators to compare ours with, as processes that take the same trials and give results of the same form. They run
 * closed loops only and record no times of their own; `run` says what came of the trial.
 */
import { createInterface } from 'node:readline';
import { nowNs } from '../../transports/clock.ts';
import type { Meter } from '../../transports/wire.ts';
import { TokenColumns } from '../ledger/columns.ts';
import { type ArrivalRow, writeMarker } from '../ledger/rows.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import type { GeneratorCommand, GeneratorLine, TrialResult, TrialSpec } from '../trial.ts';
import { loadText } from '../upstream/text.ts';

export interface Ran {
  turns: number;
  bytesRead: number;
  bytesWritten: number;
  /** Times of turns, where the generator takes any. */
  turnTimes?: LatencyHistogram;
  /** Reads of single tokens, where it records them. */
  arrivals?: TokenColumns<ArrivalRow>;
}

export interface Task {
  users: number;
  /** Turns may start until then (ms of `performance.now()`). */
  untilMs: number;
  /** Content of the n-th message of a user. */
  message: (user: number, turn: number) => string;
}

/** In the form of our own generator's keys, so that the mock LLM draws as it does for those. */
export function keyOf(spec: TrialSpec, user: number, turn: number): string {
  return `${spec.id}.${spec.seed}.${user}.${turn}`;
}

/** Takes trials until its input ends. */
export async function serveTrials(run: (spec: TrialSpec, task: Task) => Promise<Ran>): Promise<void> {
  const text = await loadText();
  const emit = (line: GeneratorLine) => void process.stdout.write(`${JSON.stringify(line)}\n`);
  process.on('SIGTERM', () => process.exit(0));
  emit({ ready: 1, pid: process.pid });
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line) as GeneratorCommand;
    if (!('trial' in command)) continue;
    const spec = command.trial;
    try {
      emit({ result: await runOne(spec, run, text.inputText(`${spec.seed}`, inputTokensOf(spec)), emit) });
    } catch (error) {
      emit({ failed: { id: spec.id, message: error instanceof Error ? error.message : String(error) } });
    }
  }
  process.exit(0);
}

async function runOne(
  spec: TrialSpec,
  run: (spec: TrialSpec, task: Task) => Promise<Ran>,
  input: string,
  emit: (line: GeneratorLine) => void,
): Promise<TrialResult> {
  if (spec.load.kind !== 'closed') throw new Error('this generator runs closed loops only');
  const tokens = outputTokensOf(spec);
  const startNs = nowNs();
  const cpu = process.cpuUsage();
  const lengthMs = spec.warmupMs + spec.measureMs;
  emit({ window: 'start', id: spec.id, atNs: startNs });
  const task: Task = {
    users: spec.load.users,
    untilMs: performance.now() + lengthMs,
    message: (user, turn) => `${writeMarker({ key: keyOf(spec, user, turn), tokens })} ${input}`,
  };
  const ran = await run(spec, task);
  const used = process.cpuUsage(cpu);
  const endNs = nowNs();
  emit({ window: 'end', id: spec.id, atNs: endNs });
  if (spec.arrivalsPath !== undefined) (ran.arrivals ?? new TokenColumns<ArrivalRow>(1)).save(spec.arrivalsPath);
  const none = new LatencyHistogram().encode();
  // In time by construction: a closed loop starts its next turn when the last is over.
  const onTime = new LatencyHistogram();
  for (let turn = 0; turn < ran.turns; turn += 1) onTime.recordUs(1);
  return {
    id: spec.id,
    windowStartNs: startNs,
    windowEndNs: endNs,
    turns: { offered: ran.turns, completed: ran.turns, failed: 0, cancelled: 0, timedOut: 0, refused: 0, dropped: 0 },
    codes: {},
    schedule: { hash: '', offeredRate: ran.turns / (lengthMs / 1e3), achievedRate: ran.turns / (lengthMs / 1e3), interArrivalCv: null },
    histograms: {
      lateness: onTime.encode(),
      ttft: none,
      turn: ran.turnTimes?.encode() ?? none,
      tpot: none,
      interChunk: none,
      service: none,
    },
    totals: { turns: ran.turns, outputTokens: ran.turns * tokens, textEvents: 0, meter: meterOf(ran) },
    generator: { cpuNs: (used.user + used.system) * 1e3, wallNs: endNs - startNs, inFlightPeak: spec.load.users },
    ...(spec.arrivalsPath === undefined ? {} : { arrivalsPath: spec.arrivalsPath }),
    series: [],
  };
}

function outputTokensOf(spec: TrialSpec): number {
  const { outputTokens } = spec.workload;
  if (outputTokens.kind !== 'fixed') throw new Error('this generator takes fixed lengths only');
  return outputTokens.value;
}

function inputTokensOf(spec: TrialSpec): number {
  const { inputTokens } = spec.workload;
  if (inputTokens.kind !== 'fixed') throw new Error('this generator takes fixed lengths only');
  return inputTokens.value;
}

/** Bytes as a whole; their layers are not told apart. */
function meterOf(ran: Ran): Meter {
  return {
    wireReadBytes: ran.bytesRead,
    wireWrittenBytes: ran.bytesWritten,
    readBytes: ran.bytesRead,
    contentBytes: 0,
    diagnosticsBytes: 0,
    envelopeBytes: 0,
    framingBytes: ran.bytesRead,
    headerBytes: 0,
    writtenBytes: ran.bytesWritten,
    requestBodyBytes: 0,
    connections: 0,
    turns: ran.turns,
  };
}
