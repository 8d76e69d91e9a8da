/** Trials in a world of their own: specs, targets, and a run from beginning to end. */
import type { EndEvent, Handler, Outcome, Sink, Turn } from '../../../transports/contract.ts';
import { TokenColumns } from '../../ledger/columns.ts';
import type { ArrivalRow } from '../../ledger/rows.ts';
import { LatencyHistogram } from '../../statistics/histogram.ts';
import type { TrialHistogram, TrialSpec, Workload } from '../../trial.ts';
import { type DriverResult, drive } from '../driver.ts';
import { Prompts } from '../prompts.ts';
import { besideSeed, makeSchedule } from '../schedule.ts';
import type { TraceRow } from '../trace.ts';
import { World } from './world.ts';

export const MS = 1e6;

export const WORKLOAD: Workload = {
  model: 'fast',
  turnsPerSession: 1,
  thinkMs: { kind: 'fixed', value: 0 },
  inputTokens: { kind: 'fixed', value: 10 },
  outputTokens: { kind: 'fixed', value: 5 },
  history: 'full',
  phases: false,
};

export const SPEC: TrialSpec = {
  id: 'trial',
  seed: 1,
  client: { leg: { transport: 'sse', envelope: 'responses', connection: 'kept' }, host: '127.0.0.1', port: 1 },
  workload: WORKLOAD,
  load: { kind: 'open', sessionsPerSecond: 100, arrivals: { process: 'constant' } },
  warmupMs: 0,
  measureMs: 1_000,
  drainMs: 5_000,
  turnTimeoutMs: 60_000,
  inFlightMax: 10_000,
  seriesBinMs: 0,
};

export const COMPLETED: Outcome = { kind: 'completed', finish: 'stop' };

export function end(outcome: Outcome = COMPLETED, rest: Omit<EndEvent, 'type' | 'outcome'> = {}): EndEvent {
  return { type: 'end', outcome, ...rest };
}

/** Replies with one word after so long. */
export function replyAfter(world: World, delayNs: number, count: { active: number; peak: number } = { active: 0, peak: 0 }): Handler {
  return (_turn, sink) => {
    count.active += 1;
    count.peak = Math.max(count.peak, count.active);
    let over = false;
    const finish = (outcome: Outcome) => {
      if (over) return;
      over = true;
      count.active -= 1;
      if (outcome.kind === 'completed') sink.push({ type: 'text', text: 'word' }, world.nowNs());
      sink.push(end(outcome), world.nowNs());
    };
    world.after(delayNs, () => finish(COMPLETED));
    return { resume() {}, cancel: () => finish({ kind: 'cancelled' }) };
  };
}

/** What a test does with a turn: it gets the sink and schedules what it likes. */
export type Script = (turn: Turn, sink: Sink, world: World) => void;

export function scripted(world: World, script: Script, onCancel: (turn: Turn) => void = () => {}): Handler {
  return (turn, sink) => {
    script(turn, sink, world);
    return { resume() {}, cancel: () => onCancel(turn) };
  };
}

export interface Finished {
  result: DriverResult;
  arrivals: TokenColumns<ArrivalRow>;
  /** Sessions, by the target that they were released at. */
  releasedBy: string[][];
  released: string[];
  windows: { edge: string; atNs: number }[];
  histogram(name: TrialHistogram): LatencyHistogram;
}

export interface Setting {
  world?: World;
  trace?: readonly TraceRow[];
  besideTrace?: readonly TraceRow[];
  signal?: AbortSignal;
  /** Answers the turns of `spec.beside`, which else go where the measured ones go. */
  beside?: (world: World) => Handler;
}

type MakeHandler = (world: World) => Handler;

/**
 * Runs a trial to its end. Time 0 of the trial is `LEAD_NS` after the world's present.
 * @param makeHandlers of a trial with links: one for each.
 */
export async function runTrial(
  spec: TrialSpec,
  makeHandlers: MakeHandler | readonly MakeHandler[],
  setting: Setting = {},
): Promise<Finished> {
  const world = setting.world ?? new World();
  const arrivals = new TokenColumns<ArrivalRow>(1_000_000);
  const handlers = [makeHandlers].flat().map((make) => make(world));
  const releasedBy: string[][] = handlers.map(() => []);
  const released: string[] = [];
  const windows: Finished['windows'] = [];
  const text = (seed: string, tokens: number) => `${tokens} tokens of ${seed}`;
  const targetsOf = (those: readonly Handler[]) =>
    those.map((handler, link) => ({
      handler,
      release: (session: string) => {
        released.push(session);
        releasedBy[link]!.push(session);
      },
    }));
  const beside = setting.beside?.(world);
  const seed = besideSeed(spec.seed);
  const running = drive({
    spec,
    schedule: makeSchedule(spec, setting.trace),
    targets: targetsOf(handlers),
    prompts: new Prompts(spec.seed, text),
    ...(spec.beside
      ? {
          beside: {
            workload: spec.beside.workload,
            schedule: makeSchedule({ ...spec, ...spec.beside, seed }, setting.besideTrace),
            targets: targetsOf(beside ? handlers.map(() => beside) : handlers),
            prompts: new Prompts(seed, text),
          },
        }
      : {}),
    waiting: world,
    arrivals,
    onWindow: (edge, atNs) => windows.push({ edge, atNs }),
    ...(setting.signal ? { signal: setting.signal } : {}),
  });
  world.run();
  const result = await running;
  return { result, arrivals, releasedBy, released, windows, histogram: (name) => LatencyHistogram.decode(result.histograms[name]) };
}
