/** A turn of the generator as the live page shows it: the way from when it was due to the end of its reply, in spans. */
import type { LiveSpan, LiveTurn } from '../../dashboards/live/feed.ts';
import type { MeteredTurn } from '../../dashboards/live/meter.ts';
import { GATEWAY_PHASES } from '../../transports/phases.ts';
import { type PathPhases, pathOf } from '../ledger/path.ts';
import type { RunOutcome, TurnRun } from './turn-run.ts';

export function meteredTurn(run: TurnRun, outcome: RunOutcome): MeteredTurn {
  const { dueNs, endedNs, firstNs, lastNs } = run;
  const lastContentNs = lastNs === 0 ? endedNs : lastNs;
  const phases = phasesOf(run, outcome);
  return {
    outcome: outcome.kind,
    durationMs: (lastContentNs - dueNs) / 1e6,
    firstTokenMs: firstNs === 0 ? null : (firstNs - dueNs) / 1e6,
    tokens: outcome.kind === 'completed' ? run.outputTokens : 0,
    phasesMs: phases?.ms,
    trace: () => liveTurn(run, outcome, phases),
  };
}

/** Those of a second attempt say nothing of the first. */
function phasesOf(run: TurnRun, outcome: RunOutcome): PathPhases | undefined {
  const { phases, attempts, prepared, dueNs: intendedNs, startedNs, endedNs } = run;
  if (phases === undefined || attempts > 1) return undefined;
  const { key } = prepared.turn;
  return pathOf({ key, intendedNs, startedNs, endedNs, outcome: outcome.kind, measured: true, link: 0, phases }, undefined).phases;
}

function liveTurn(run: TurnRun, outcome: RunOutcome, phases: PathPhases | undefined): LiveTurn {
  const { prepared, dueNs, endedNs, firstNs } = run;
  return {
    key: prepared.turn.key,
    // The orchestrator knows.
    arm: null,
    atMs: Date.now(),
    durationMs: ms(endedNs - dueNs),
    firstTokenMs: firstNs === 0 ? null : ms(firstNs - dueNs),
    outcome: outcome.kind,
    code: 'code' in outcome ? outcome.code : null,
    spans: phases ? pathSpans(run, phases) : seenSpans(run),
  };
}

/** What the gateway tells, between what the client saw. */
function pathSpans(run: TurnRun, { ms: phasesMs, gateway }: PathPhases): LiveSpan[] {
  const spans = [rootOf(run)];
  let atMs = 0;
  const add = (name: string, durationMs: number, parent: number) => {
    if (durationMs > 0) spans.push({ name, startMs: micros(atMs), durationMs: micros(durationMs), parent, attributes: {} });
    atMs += Math.max(0, durationMs);
  };
  add('scheduleLag', phasesMs.scheduleLag ?? 0, 0);
  add('transit', phasesMs.transit ?? 0, 0);
  let parent = 0;
  if (gateway) {
    atMs = (gateway.receivedAtNs - run.dueNs) / 1e6;
    parent = spans.length;
    const durationMs = (gateway.sentAtNs - gateway.receivedAtNs) / 1e6;
    spans.push({ name: 'gateway', startMs: micros(atMs), durationMs: micros(durationMs), parent: 0, attributes: {} });
  }
  for (const name of GATEWAY_PHASES) add(name, phasesMs[name] ?? 0, parent);
  if (gateway) atMs = (gateway.sentAtNs - run.dueNs) / 1e6;
  add('returnTransit', phasesMs.returnTransit ?? 0, 0);
  return spans;
}

/** What the client alone saw. */
function seenSpans(run: TurnRun): LiveSpan[] {
  const { dueNs, startedNs, firstNs, lastNs, endedNs } = run;
  const spans = [rootOf(run)];
  const add = (name: string, fromNs: number, toNs: number) => {
    if (toNs > fromNs) spans.push({ name, startMs: ms(fromNs - dueNs), durationMs: ms(toNs - fromNs), parent: 0, attributes: {} });
  };
  add('scheduleLag', dueNs, startedNs);
  add('firstToken', startedNs, firstNs === 0 ? endedNs : firstNs);
  if (firstNs > 0) {
    add('streaming', firstNs, lastNs);
    add('end', lastNs, endedNs);
  }
  return spans;
}

function rootOf({ prepared, dueNs, endedNs, outputTokens, textEvents }: TurnRun): LiveSpan {
  const { key, model, session } = prepared.turn;
  return {
    name: 'turn',
    startMs: 0,
    durationMs: ms(endedNs - dueNs),
    parent: null,
    attributes: { turn: key, model, ...(session === undefined ? {} : { session }), outputTokens, textEvents },
  };
}

function ms(ns: number): number {
  return micros(ns / 1e6);
}

function micros(valueMs: number): number {
  return Math.round(valueMs * 1e3) / 1e3;
}
