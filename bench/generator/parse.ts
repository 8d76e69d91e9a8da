/**
 * Reads a trial's plan from what came over the pipe: all problems at once, nothing unknown let through, limits on
 * everything that takes memory or time.
 */
import { CONNECTIONS, ENVELOPES, EXECUTIONS, TRANSPORTS } from '../../transports/contract.ts';
import { historyProblem, legProblem, sessionProblem } from '../../transports/registry.ts';
import type { ClientOptions, Leg } from '../../transports/wire.ts';
import { CumulativeRate, SESSIONS_MAX } from '../driver/arrivals.ts';
import { SERIES_BINS_MAX } from '../driver/series.ts';
import { LINK_NAME, LINK_NAME_EXPECTED, LINKS_HOST, LINKS_MAX, ROUND_TRIP_MS_MAX } from '../link/limits.ts';
import type { Arrivals, Draw, LinkUse, Load, TrialSpec, Workload } from '../trial.ts';
import { FieldReader } from './fields.ts';

export type ParsedSpec = { ok: true; spec: TrialSpec } | { ok: false; problems: string[] };

/** Ids stand in the keys of markers, up to their first dot. */
const ID = /^[\w-]{1,32}$/;
const DAY_MS = 86_400_000;
const PER_SECOND_MAX = 1_000_000;
const CONNECTIONS_MAX = 65_535;
const RAMP_POINTS_MAX = 10_000;
/** What the mock LLM replies with at most. */
const OUTPUT_TOKENS_MAX = 200_000;
const INPUT_TOKENS_MAX = 2_000_000;
/** Draws vary: no more than this share of the most sessions may be expected. */
const EXPECTED_SESSIONS_MAX = SESSIONS_MAX * 0.9;

export function parseTrialSpec(value: unknown): ParsedSpec {
  const problems: string[] = [];
  const from = new FieldReader(value, '', problems);
  const spec: TrialSpec = {
    id: from.string('id', '1–32 letters, digits, "_" or "-"', ID),
    seed: from.integer('seed', 0, Number.MAX_SAFE_INTEGER),
    client: readClient(from.object('client')),
    workload: readWorkload(from.object('workload')),
    load: readLoad(from.object('load')),
    warmupMs: from.number('warmupMs', 0, DAY_MS),
    measureMs: from.number('measureMs', 1, DAY_MS),
    drainMs: from.number('drainMs', 0, DAY_MS),
    turnTimeoutMs: from.number('turnTimeoutMs', 1, DAY_MS),
    inFlightMax: from.integer('inFlightMax', 1, 1_000_000),
    ...from.optional('arrivalsPath', (name) => from.string(name)),
    ...from.optional('links', () => readLinks(from)),
    ...from.optional('beside', (name) => readBeside(from.object(name))),
    ...from.optional('telemetry', (name) => readTelemetry(from.object(name))),
    ...from.optional('live', (name) => from.boolean(name)),
    seriesBinMs: from.number('seriesBinMs', 0, DAY_MS),
  };
  from.end();
  // What concerns several fields is looked at where each of them is sound.
  if (problems.length === 0) checkTogether(spec, from);
  return problems.length === 0 ? { ok: true, spec } : { ok: false, problems };
}

function checkTogether(spec: TrialSpec, from: FieldReader): void {
  const { client, links, beside, warmupMs, measureMs, drainMs, seriesBinMs } = spec;
  const leg = legProblem(client.leg);
  if (leg !== undefined) from.problem('client.leg', leg);
  const session = client.session && sessionProblem(client.leg);
  if (session !== undefined) from.problem('client.session', session);
  if (links) checkLinks(links, client, from);
  checkLoad(spec, spec, '', from);
  if (beside) checkLoad(spec, beside, 'beside.', from);
  const bins = seriesBinMs === 0 ? 0 : Math.ceil((warmupMs + measureMs + drainMs) / seriesBinMs);
  if (bins > SERIES_BINS_MAX) from.problem('seriesBinMs', `the trial has ${bins} such bins, the most are ${SERIES_BINS_MAX}`);
}

function checkLinks(links: readonly LinkUse[], client: ClientOptions, from: FieldReader): void {
  if (client.host !== LINKS_HOST) from.problem('client.host', `links are at ${LINKS_HOST}`);
  // Results tell links apart by their names.
  for (const field of ['name', 'port'] as const) {
    if (new Set(links.map((link) => link[field])).size < links.length) from.problem('links', `two have the same ${field}`);
  }
}

/** @param at where the load stands, with a dot behind it. */
function checkLoad(spec: TrialSpec, { workload, load }: Pick<TrialSpec, 'workload' | 'load'>, at: string, from: FieldReader): void {
  const { client, links, warmupMs, measureMs, inFlightMax } = spec;
  const history = historyProblem(client.leg, workload.history);
  if (history !== undefined) from.problem(`${at}workload.history`, history);
  if (load.kind === 'open') {
    const expected = new CumulativeRate(load).expectedBy((warmupMs + measureMs) * 1e6);
    if (expected > EXPECTED_SESSIONS_MAX) {
      from.problem(`${at}load`, `${Math.round(expected)} sessions would arrive, the most are ${EXPECTED_SESSIONS_MAX}`);
    }
  }
  if (load.kind === 'closed') {
    if (load.spreadMs >= warmupMs + measureMs) from.problem(`${at}load.spreadMs`, 'some users would start after the end');
    if (load.users > inFlightMax) from.problem('inFlightMax', `is less than the ${load.users} users of ${at}load`);
    // Session n + users, by which a user goes on, would come over another link than session n.
    if (links && load.users % links.length > 0) {
      from.problem(`${at}load.users`, `${load.users} is no multiple of the ${links.length} links`);
    }
  }
}

function readLinks(from: FieldReader): LinkUse[] {
  return from.objects('links', 1, LINKS_MAX).map((link) => {
    const read = {
      name: link.string('name', LINK_NAME_EXPECTED, LINK_NAME),
      port: link.integer('port', 1, 65_535),
      roundTripMs: link.number('roundTripMs', 0, ROUND_TRIP_MS_MAX),
    };
    link.end();
    return read;
  });
}

function readBeside(from: FieldReader): NonNullable<TrialSpec['beside']> {
  const beside = { workload: readWorkload(from.object('workload')), load: readLoad(from.object('load')) };
  from.end();
  return beside;
}

function readTelemetry(from: FieldReader): NonNullable<TrialSpec['telemetry']> {
  const telemetry = {
    traceRatio: from.number('traceRatio', 0, 1),
    run: from.string('run', '1–64 letters, digits, "_" or "-"', /^[\w-]{1,64}$/),
    ...from.optional('tracesPath', (name) => from.string(name)),
  };
  from.end();
  return telemetry;
}

function readClient(from: FieldReader): ClientOptions {
  const integer = (min: number, max: number) => (name: string) => from.integer(name, min, max);
  const client: ClientOptions = {
    leg: readLeg(from.object('leg')),
    host: from.string('host'),
    port: from.integer('port', 1, 65_535),
    ...from.optional('tls', () => readTls(from.object('tls'))),
    ...from.optional('path', (name) => from.string(name, 'a path', /^\/\S*$/)),
    ...from.optional('headers', (name) => from.texts(name)),
    ...from.optional('keep', (name) => from.oneOf(name, ['session', 'pool'] as const)),
    ...from.optional('connectionsMax', integer(1, CONNECTIONS_MAX)),
    ...from.optional('streamsPerConnection', integer(1, 100_000)),
    ...from.optional('waitingMax', integer(0, 1_000_000)),
    ...from.optional('connectTimeoutMs', integer(1, DAY_MS)),
    ...from.optional('replyTimeoutMs', integer(0, DAY_MS)),
    ...from.optional('streamWindowBytes', integer(1, 1024 ** 3)),
    ...from.optional('messageBytesMax', integer(1, 1024 ** 3)),
    ...from.optional('compression', (name) => from.boolean(name)),
    ...from.optional('session', (name) => readSession(from.object(name))),
  };
  from.end();
  return client;
}

/** For clients that open sessions of their own (`gatebench.session.v1`). */
function readSession(from: FieldReader): NonNullable<ClientOptions['session']> {
  const session = from.optional('env', (name) => from.texts(name));
  from.end();
  return session;
}

function readTls(from: FieldReader): NonNullable<ClientOptions['tls']> {
  const tls = {
    ...from.optional('ca', (name) => from.string(name)),
    ...from.optional('servername', (name) => from.string(name)),
  };
  from.end();
  return tls;
}

function readLeg(from: FieldReader): Leg {
  const leg: Leg = {
    transport: from.oneOf('transport', TRANSPORTS),
    envelope: from.oneOf('envelope', ENVELOPES),
    connection: from.oneOf('connection', CONNECTIONS),
  };
  from.end();
  return leg;
}

function readWorkload(from: FieldReader): Workload {
  const workload: Workload = {
    model: from.string('model'),
    ...from.optional('agent', (name) => from.string(name)),
    turnsPerSession: from.integer('turnsPerSession', 1, 1_000_000),
    thinkMs: readDraw(from.object('thinkMs'), 0, DAY_MS),
    inputTokens: readTokens(from.object('inputTokens'), INPUT_TOKENS_MAX),
    outputTokens: readTokens(from.object('outputTokens'), OUTPUT_TOKENS_MAX),
    ...from.optional('unlimited', (name) => from.boolean(name)),
    history: from.oneOf('history', ['full', 'delta'] as const),
    ...from.optional('execution', (name) => from.oneOf(name, EXECUTIONS)),
    phases: from.boolean('phases'),
    ...from.optional('readPauseMs', (name) => from.number(name, 0, DAY_MS)),
  };
  from.end();
  return workload;
}

function readDraw(from: FieldReader, min: number, max: number, read: 'number' | 'integer' = 'number'): Draw {
  const kind = from.oneOf('kind', ['fixed', 'uniform', 'lognormal'] as const);
  let draw: Draw;
  switch (kind) {
    case 'fixed':
      draw = { kind, value: from[read]('value', min, max) };
      break;
    case 'uniform':
      draw = { kind, min: from[read]('min', min, max), max: from[read]('max', min, max) };
      if (draw.min > draw.max) from.problem('min', 'is more than max');
      break;
    case 'lognormal':
      // Cut to [1, max], so a median below 1 would be a median of 1.
      draw = { kind, median: from.number('median', 1, max), sigma: from.number('sigma', 0, 10), max: from.number('max', 1, max) };
      if (draw.median > draw.max) from.problem('median', 'is more than max');
      break;
  }
  from.end();
  return draw;
}

function readTokens(from: FieldReader, max: number): Draw {
  return readDraw(from, 1, max, 'integer');
}

function readLoad(from: FieldReader): Load {
  const kind = from.oneOf('kind', ['open', 'closed', 'replay'] as const);
  let load: Load;
  switch (kind) {
    case 'open':
      load = {
        kind,
        sessionsPerSecond: from.number('sessionsPerSecond', 0, PER_SECOND_MAX),
        arrivals: readArrivals(from.object('arrivals')),
        ...from.optional('ramp', () => readRamp(from)),
      };
      break;
    case 'closed':
      load = { kind, users: from.integer('users', 1, 100_000), spreadMs: from.number('spreadMs', 0, DAY_MS) };
      break;
    case 'replay':
      load = {
        kind,
        path: from.string('path'),
        format: from.oneOf('format', ['azure', 'mooncake'] as const),
        speedup: from.number('speedup', 0.001, 1_000_000),
        limit: from.integer('limit', 1, SESSIONS_MAX),
        outputTokensMax: from.integer('outputTokensMax', 1, OUTPUT_TOKENS_MAX),
      };
      break;
  }
  from.end();
  return load;
}

function readArrivals(from: FieldReader): Arrivals {
  const process = from.oneOf('process', ['constant', 'poisson', 'gamma'] as const);
  const arrivals: Arrivals = process === 'gamma' ? { process, cv: from.number('cv', 0.01, 20) } : { process };
  from.end();
  return arrivals;
}

/** Points in order of time; two at one time make a step. */
function readRamp(from: FieldReader): { atMs: number; sessionsPerSecond: number }[] {
  let lastMs = 0;
  return from.objects('ramp', 0, RAMP_POINTS_MAX).map((point) => {
    const read = { atMs: point.number('atMs', 0, DAY_MS), sessionsPerSecond: point.number('sessionsPerSecond', 0, PER_SECOND_MAX) };
    if (read.atMs < lastMs) point.problem('atMs', 'is before the point above it');
    lastMs = read.atMs;
    point.end();
    return read;
  });
}
