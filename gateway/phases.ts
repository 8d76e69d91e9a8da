/**
 * The outermost handler: makes a record of each turn once it has ended, gives its phases back with its end where the
 * client wants them, and hands the record to whoever observes turns. Also of turns that were refused, cancelled or
 * failed: what they never came to is 0.
 *
 * A turn that is cut short while a thread or process has it ends without word from there: its agent's phases are 0
 * then, and what it spent shows as the residual.
 */
import { nowNs } from '../transports/clock.ts';
import type { EndEvent, Execution, Handler, Running, Sink, Turn, TurnEvent } from '../transports/contract.ts';
import type { GatewayPhase, GatewayStamp } from '../transports/phases.ts';
import type { AgentSpent } from './agents/clock.ts';
import { marksOf, TurnMarks, withMarks } from './turn-marks.ts';
import type { TurnObserver, TurnRecord, TurnStamps } from './turn-record.ts';

export interface PhasesOptions {
  /** Of turns that name none. */
  execution: Execution;
  observers: readonly TurnObserver[];
  /** An observer threw. */
  onObserverError(turn: Turn, error: unknown): void;
}

export function phased(options: PhasesOptions, inner: Handler): Handler {
  return (turn, sink) => {
    const marks = new TurnMarks();
    return inner(withMarks(turn, marks), new Phased(options, turn, marks, sink));
  };
}

/** Notes what admission has settled; comes right after it. */
export function settled(inner: Handler): Handler {
  return (turn, sink): Running => {
    const marks = marksOf(turn);
    marks.agent = turn.agent ?? '';
    marks.execution = turn.execution;
    return inner(turn, sink);
  };
}

/** Notes that nothing keeps a turn from running; comes right before its execution. */
export function admitted(inner: Handler): Handler {
  return (turn, sink): Running => {
    marksOf(turn).admittedNs = nowNs();
    return inner(turn, sink);
  };
}

class Phased implements Sink {
  readonly #options: PhasesOptions;
  readonly #turn: Turn;
  readonly #marks: TurnMarks;
  readonly #sink: Sink;
  readonly #beganNs = nowNs();
  #textEvents = 0;
  /** Of the last content: its read, and where none brought it, now. */
  #contentNs = 0;

  constructor(options: PhasesOptions, turn: Turn, marks: TurnMarks, sink: Sink) {
    this.#options = options;
    this.#turn = turn;
    this.#marks = marks;
    this.#sink = sink;
  }

  push(event: TurnEvent, readAtNs: number): boolean {
    if (event.type === 'text') {
      this.#textEvents += 1;
      this.#contentNs = readAtNs === 0 ? nowNs() : readAtNs;
    } else if (event.type === 'toolCall') this.#contentNs = readAtNs === 0 ? nowNs() : readAtNs;
    else if (event.type === 'end') return this.#end(event, readAtNs);
    return this.#sink.push(event, readAtNs);
  }

  #end(end: EndEvent, readAtNs: number): boolean {
    const { observers } = this.#options;
    const { want } = this.#turn;
    if (observers.length === 0 && !want.phases) return this.#sink.push(end, readAtNs);
    const record = this.#record(end);
    const { readNs, endedNs } = record.stamps;
    const takes = this.#sink.push(want.phases ? { ...end, phases: onTheWire(record.phases, readNs, endedNs) } : end, readAtNs);
    for (const observer of observers) this.#tell(observer, record);
    return takes;
  }

  #tell(observer: TurnObserver, record: TurnRecord): void {
    try {
      observer(record);
    } catch (error) {
      this.#options.onObserverError(this.#turn, error);
    }
  }

  #record({ outcome, usage }: EndEvent): TurnRecord {
    const { agent, execution, unit, span } = this.#marks;
    const endedNs = nowNs();
    const spent = this.#spent(endedNs);
    const stamps = this.#stamps(spent, endedNs);
    return {
      turn: this.#turn,
      agent,
      execution: execution ?? this.#options.execution,
      unit,
      outcome,
      usage,
      textEvents: this.#textEvents,
      stamps,
      phases: phasesOf(stamps, spent, this.#marks.returnedNs),
      traceparent: this.#turn.traceparent,
      sampled: span !== undefined,
      span,
    };
  }

  /** What came from a thread or process may be anything: code that is not trusted may run there. */
  #spent(endedNs: number): AgentSpent | undefined {
    const { spent, clock, dispatchedNs } = this.#marks;
    if (!spent) return clock?.spent();
    const { startedNs, endedNs: agentEndedNs, agentNs, upstreamFirstTokenNs, upstreamStreamingNs, backPressureNs } = spent;
    const sumNs = agentNs + upstreamFirstTokenNs + upstreamStreamingNs + backPressureNs;
    const possible = dispatchedNs <= startedNs && sumNs <= agentEndedNs - startedNs && agentEndedNs <= endedNs;
    return possible ? spent : undefined;
  }

  #stamps(spent: AgentSpent | undefined, endedNs: number): TurnStamps {
    const { admittedNs, queuedNs, dispatchedNs, agentStartedNs, deliveredNs } = this.#marks;
    return {
      readNs: this.#turn.arrival?.readAtNs ?? this.#beganNs,
      admittedNs,
      queuedNs,
      dispatchedNs,
      agentStartedNs: agentStartedNs >= dispatchedNs && agentStartedNs <= endedNs ? agentStartedNs : 0,
      upstreamSentNs: spent?.sentNs ?? 0,
      upstreamFirstNs: spent?.firstNs ?? 0,
      upstreamLastNs: spent?.lastNs ?? 0,
      lastPushedNs: this.#contentNs === 0 ? 0 : deliveredNs || this.#contentNs,
      endedNs,
    };
  }
}

/** In milliseconds. */
export function phasesOf(stamps: TurnStamps, spent: AgentSpent | undefined, returnedNs: number): Record<GatewayPhase, number> {
  const { readNs, admittedNs, queuedNs, dispatchedNs, agentStartedNs, endedNs } = stamps;
  const handing = admittedNs === 0 ? 0 : (queuedNs || dispatchedNs || endedNs) - admittedNs;
  const handed = dispatchedNs === 0 ? 0 : (agentStartedNs || endedNs) - dispatchedNs;
  const back = spent === undefined || returnedNs === 0 ? 0 : returnedNs - spent.endedNs;
  return {
    admission: ms((admittedNs || endedNs) - readNs),
    queue: queuedNs === 0 ? 0 : ms((dispatchedNs || endedNs) - queuedNs),
    dispatch: ms(handing + handed + back),
    agent: ms(spent?.agentNs ?? 0),
    upstreamFirstToken: ms(spent?.upstreamFirstTokenNs ?? 0),
    upstreamStreaming: ms(spent?.upstreamStreamingNs ?? 0),
    serialise: returnedNs === 0 ? 0 : ms(endedNs - returnedNs),
    backPressure: ms(spent?.backPressureNs ?? 0),
  };
}

function onTheWire(phases: Record<GatewayPhase, number>, readNs: number, endedNs: number): Record<GatewayPhase | GatewayStamp, number> {
  return { ...phases, receivedAtMs: ms(readNs), sentAtMs: ms(endedNs) };
}

/** To the microsecond. */
function ms(ns: number): number {
  return Math.round(ns / 1e3) / 1e3;
}
