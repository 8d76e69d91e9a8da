/**
 * The turns that a reader asks for next: an arm's slowest and its failed ones, with their phases and a trace of each.
 *
 * No sampling ahead of time can know them. But every turn of an arm with phases brings back what it went through, so
 * their traces are made here, after the fact and complete, whatever was sampled: the client's span, the gateway's and
 * one for each phase. Where the client had sent a `traceparent`, they have its ids, and hang where other tools expect.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { otlpTraces, type SpanOrigin, type TraceSpan, wallOffsetNs } from '../../dashboards/live/otlp-json.ts';
import { type PhaseLength, phaseSpans } from '../../dashboards/live/phase-spans.ts';
import { ATTRIBUTES, OPERATION, turnSpanName } from '../../dashboards/live/span-names.ts';
import type { SlowTurn } from '../../reports/report.ts';
import { nowNs } from '../../transports/clock.ts';
import { GATEWAY_PHASES } from '../../transports/phases.ts';
import { readTraceparent } from '../../transports/traceparent.ts';
import { packageVersion } from '../host/package.ts';
import { type PathPhase, type TurnPath, wholeMs } from '../ledger/path.ts';
import { SLOWEST_MAX, slowestOf } from '../ledger/paths.ts';
import { spanIds, turnContext } from '../telemetry/turn-ids.ts';
import type { ArmData } from './arm-data.ts';
import type { Observation } from './observation.ts';
import type { Gathered } from './summarise.ts';

/** So many of an arm's are kept for those that failed, however fast they did. */
const FAILED_MIN = 3;

/** The slowest first. */
export function slowTurnsOf(trials: readonly Observation[]): TurnPath[] {
  const kept = trials.flatMap(({ paths = [] }) => paths);
  const completed = slowestOf(kept.flatMap(({ slowest }) => slowest));
  const failed = slowestOf(kept.flatMap((one) => one.failed));
  const room = Math.max(FAILED_MIN, SLOWEST_MAX - completed.length);
  const some = failed.slice(0, room);
  return slowestOf([...completed.slice(0, SLOWEST_MAX - some.length), ...some]);
}

export function reportSlowTurn(arm: string, path: TurnPath): SlowTurn {
  const { key, phases } = path;
  return {
    key,
    outcome: outcomeOf(path),
    turnMs: micros(wholeMs(path)),
    phasesMs: Object.fromEntries(Object.entries(phases?.ms ?? {}).map(([name, ms]) => [name, micros(ms)])),
    residualMs: phases ? micros(phases.residualMs) : null,
    traceId: idsOf(arm, path).traceId,
  };
}

export const TRACES_FILE = 'traces.jsonl';

/**
 * Writes the traces of all slow turns that the report tells of, and takes away those of an earlier report.
 * @returns the names of the files written.
 */
export function saveTraces(gathered: readonly Gathered[], directory: string): string[] {
  const origin = { scope: { name: 'gatebench', version: packageVersion() }, wallOffsetNs: wallOffsetNs(nowNs()) };
  const lines = gathered.flatMap(({ byArm }) =>
    [...byArm.values()].flatMap((data) => slowTurnsOf(pathTrialsOf(data)).map((path) => traceLine(data.arm.id, path, origin))),
  );
  const file = join(directory, TRACES_FILE);
  if (lines.length === 0) {
    rmSync(file, { force: true });
    return [];
  }
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${file}.part`, lines.join(''));
  renameSync(`${file}.part`, file);
  return [TRACES_FILE];
}

/** Valid trials of an arm that tell what their turns went through; those of a mix are its parts’. */
export function pathTrialsOf({ role, launches, answers }: ArmData): Observation[] {
  return role === 'mix' || answers.length > 0 ? [] : [...launches.values()].flat().filter(({ paths }) => paths !== undefined);
}

/** One line of OTLP JSON: an export request with the whole trace, the spans of both processes. */
export function traceLine(arm: string, path: TurnPath, origin: Pick<SpanOrigin, 'scope' | 'wallOffsetNs'>): string {
  const { client, server } = spansOf(arm, path);
  const of = (service: string, spans: readonly TraceSpan[]) =>
    otlpTraces(spans, { ...origin, resource: { [ATTRIBUTES.serviceName]: service } }).resourceSpans;
  const resourceSpans = [...of('gatebench-generator', client), ...(server.length > 0 ? of('gatebench-gateway', server) : [])];
  return `${JSON.stringify({ resourceSpans })}\n`;
}

interface Ids {
  traceId: string;
  clientId: string;
  next(): string;
}

/** The same at each call. All arms are offered the same keys, and so is the next run: the arm and the time tell them apart. */
function idsOf(arm: string, { key, traceparent, intendedNs }: TurnPath): Ids {
  const tracing = { run: `${arm} ${intendedNs}`, traceRatio: 0 };
  const { traceId, spanId } = readTraceparent(traceparent) ?? turnContext(key, tracing);
  return { traceId, clientId: spanId, next: spanIds(key, tracing) };
}

/** The way of a turn through the gateway, as it is drawn: the end is written when all has been taken. */
const WAY = [...GATEWAY_PHASES.filter((name) => name !== 'serialise'), 'serialise'] as const;

function spansOf(arm: string, path: TurnPath): { client: TraceSpan[]; server: TraceSpan[] } {
  const { key, outcome, code, intendedNs, startedNs, endedNs, phases } = path;
  const { traceId, clientId, next } = idsOf(arm, path);
  const root: TraceSpan = {
    traceId,
    spanId: clientId,
    name: turnSpanName(undefined),
    kind: 'client',
    // Latencies count from here: a turn that started late waited too.
    startNs: intendedNs,
    endNs: endedNs,
    attributes: {
      [ATTRIBUTES.operation]: OPERATION,
      [ATTRIBUTES.turn]: key,
      [ATTRIBUTES.outcome]: outcome,
      [ATTRIBUTES.latenessMs]: (startedNs - intendedNs) / 1e6,
      'gatebench.arm': arm,
      ...(code === undefined ? {} : { [ATTRIBUTES.errorType]: code }),
    },
    ...(outcome === 'completed' ? {} : { error: outcomeOf(path) }),
  };
  const lengths = (names: readonly PathPhase[]): PhaseLength[] =>
    names.map((name) => ({ name, startNs: STARTS[name]?.(path) ?? 0, ms: phases?.ms[name] ?? 0 }));
  const outside = (names: readonly PathPhase[]) => phaseSpans(root, lengths(names), next);
  if (!phases) return { client: [root], server: [] };
  if (!phases.gateway) return { client: [root, ...outside(['scheduleLag', 'transit', ...WAY])], server: [] };
  const { receivedAtNs, sentAtNs } = phases.gateway;
  const server: TraceSpan = {
    ...root,
    spanId: next(),
    parentSpanId: root.spanId,
    kind: 'server',
    startNs: receivedAtNs,
    endNs: sentAtNs,
    attributes: { [ATTRIBUTES.operation]: OPERATION, [ATTRIBUTES.outcome]: outcome },
  };
  return {
    client: [root, ...outside(['scheduleLag', 'transit', 'returnTransit'])],
    server: [server, ...phaseSpans(server, lengths(WAY), next)],
  };
}

const STARTS: Readonly<Partial<Record<PathPhase, (path: TurnPath) => number | undefined>>> = {
  scheduleLag: ({ intendedNs }) => intendedNs,
  transit: ({ startedNs }) => startedNs,
  admission: ({ phases }) => phases?.gateway?.receivedAtNs,
  returnTransit: ({ phases }) => phases?.gateway?.sentAtNs,
};

function outcomeOf({ outcome, code }: TurnPath): string {
  return code === undefined ? outcome : `${outcome} (${code})`;
}

const micros = (ms: number): number => Math.round(ms * 1e3) / 1e3;
