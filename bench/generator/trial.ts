/**
 * Runs one trial in this process: a client of its own, opened ahead where that is fair, driven, metered and closed.
 */
import { connect } from '../../transports/client.ts';
import type { Client, Meter } from '../../transports/wire.ts';
import { drive } from '../driver/driver.ts';
import { type InputText, Prompts } from '../driver/prompts.ts';
import { makeSchedule } from '../driver/schedule.ts';
import { readTrace, type TraceRow } from '../driver/trace.ts';
import type { Waiting } from '../driver/waiting.ts';
import { TokenColumns } from '../ledger/columns.ts';
import type { ArrivalRow } from '../ledger/rows.ts';
import type { TrialResult, TrialSpec } from '../trial.ts';

export interface TrialSurroundings {
  waiting: Waiting;
  inputText: InputText;
  onWindow(edge: 'start' | 'end', atNs: number): void;
  signal: AbortSignal;
}

/** Of one trial: 16 bytes each. Turns beyond are left out of the arrivals whole, and the file says how many tokens. */
const ARRIVAL_TOKENS_MAX = 8 * 1024 * 1024;

export type TrialEnd = { ok: true; result: TrialResult } | { ok: false; message: string };

export async function runTrial(spec: TrialSpec, { waiting, inputText, onWindow, signal }: TrialSurroundings): Promise<TrialEnd> {
  let trace: readonly TraceRow[] = [];
  if (spec.load.kind === 'replay') {
    const read = readTrace(spec.load.path, spec.load.format, spec.load.limit);
    if (!read.ok) return { ok: false, message: read.problems.join('; ') };
    trace = read.rows;
  }
  const schedule = makeSchedule(spec, trace);
  const prompts = new Prompts(spec.seed, inputText);
  const arrivals = spec.arrivalsPath === undefined ? undefined : new TokenColumns<ArrivalRow>(ARRIVAL_TOKENS_MAX);
  const client = connect(spec.client);
  try {
    await client.warm(connectionsAhead(spec));
    const before = { meter: client.meter(), cpu: process.cpuUsage(), atNs: waiting.nowNs() };
    const driven = await drive({ spec, schedule, target: client, prompts, waiting, onWindow, signal, ...(arrivals ? { arrivals } : {}) });
    const wallNs = waiting.nowNs() - before.atNs;
    const cpu = process.cpuUsage(before.cpu);
    const meter = meterSince(client, before.meter);
    if (signal.aborted) return { ok: false, message: 'stopped before its end' };
    if (arrivals && spec.arrivalsPath !== undefined) arrivals.save(spec.arrivalsPath);
    const { turns, codes, histograms, totals, offeredRate, achievedRate, inFlightPeak, windowStartNs, windowEndNs } = driven;
    const result: TrialResult = {
      id: spec.id,
      windowStartNs,
      windowEndNs,
      turns,
      codes,
      schedule: { hash: schedule.hash, offeredRate, achievedRate, interArrivalCv: schedule.interArrivalCv },
      histograms,
      totals: { ...totals, meter },
      generator: { cpuNs: (cpu.user + cpu.system) * 1_000, wallNs, inFlightPeak },
      ...(spec.arrivalsPath === undefined ? {} : { arrivalsPath: spec.arrivalsPath }),
    };
    return { ok: true, result };
  } finally {
    await client.close();
  }
}

/**
 * How many connections to open before the trial. Those of a shared pool, or multiplexed, outlive any one turn; opened
 * by the first turns they would charge handshakes to whoever comes first, and in a closed loop all at once. A session's
 * own connection and one a turn are part of what is measured and are never opened ahead; how many an open loop will
 * need is its target's doing, so there they open as they are needed, in the warm-up.
 */
export function connectionsAhead({ load, client }: Pick<TrialSpec, 'load' | 'client'>): number {
  const { connection } = client.leg;
  if (load.kind !== 'closed' || connection === 'per-turn' || (connection === 'kept' && client.keep === 'session')) return 0;
  const places = connection === 'multiplexed' ? (client.streamsPerConnection ?? STREAMS_DEFAULT) : 1;
  return Math.ceil(load.users / places);
}

/** Of a client that is not told otherwise. */
const STREAMS_DEFAULT = 16;

/** Handshakes of connections opened ahead lie before it. */
function meterSince(client: Client, before: Meter): Meter {
  const since = { ...client.meter() };
  for (const name of Object.keys(since) as (keyof Meter)[]) since[name] -= before[name];
  return since;
}
