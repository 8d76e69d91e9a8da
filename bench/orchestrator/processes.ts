/**
 * The processes of a run and their configurations: mock LLM, generator, and for each launch a fresh gateway an arm.
 * Everything listens on loopback on free ports and belongs to a run folder that goes away with the run.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Arm, Direct } from '../arms.ts';
import type { Certificate } from '../host/certificate.ts';
import { modulePath } from '../host/package.ts';
import type { Pinning } from '../host/pinning.ts';
import type { ModelSpec } from '../scenario.ts';
import type { GeneratorCommand, GeneratorLine } from '../trial.ts';
import { Child } from './children.ts';

export interface UpstreamReady {
  ready: 1;
  pid: number;
  ports: { upstream: number; admin: number };
}
export interface GatewayReady {
  ready: 1;
  protocol: number;
  pid: number;
  ports: { gateway: number; metrics: number | null; admin: number | null };
}

export type Upstream = Child<UpstreamReady>;
export type Gateway = Child<GatewayReady>;
export type Generator = Child<{ ready: 1; pid: number }, GeneratorLine, GeneratorCommand>;

/** Fewer collections of young objects: what a turn keeps until its end is copied at most once. */
const GENERATOR_NODE_OPTIONS = ['--max-semi-space-size=64', '--min-semi-space-size=64'];
const READY_TIMEOUT_MS = 20_000;
const LEDGER_TOKENS_MAX = 4_000_000;

export class Processes {
  readonly #folder: string;
  readonly #pinning: Pinning;
  readonly #certificate: Certificate | undefined;
  #files = 0;

  constructor(folder: string, pinning: Pinning, certificate: Certificate | undefined) {
    this.#folder = folder;
    this.#pinning = pinning;
    this.#certificate = certificate;
  }

  get certificate(): Certificate | undefined {
    return this.#certificate;
  }

  startUpstream(): Promise<Upstream> {
    const config = {
      host: '127.0.0.1',
      ports: { upstream: 0, admin: 0 },
      pacing: this.#pinning.shared ? 'hybrid' : 'spin',
      flushMs: 0,
      compression: false,
      ledgerTokensMax: LEDGER_TOKENS_MAX,
      limits: { streamsInFlightMax: 10_000, namedStreamsMax: 10_000, connectionsMax: 20_000 },
    };
    return Child.start<UpstreamReady>({
      name: 'mock LLM',
      module: modulePath('bench/upstream/main'),
      arguments: ['--config', this.#file(config), '--exit-with-stdin'],
      prefix: this.#pinning.prefix('upstream'),
      readyTimeoutMs: READY_TIMEOUT_MS,
    });
  }

  startGenerator(kind: Direct): Promise<Generator> {
    const own = kind === 'direct';
    return Child.start({
      name: own ? 'generator' : `generator ${kind}`,
      module: modulePath(own ? 'bench/generator/main' : `bench/baselines/${kind}`),
      arguments: own ? ['--pacing', this.#pinning.shared ? 'yielding' : 'spin'] : [],
      nodeOptions: GENERATOR_NODE_OPTIONS,
      prefix: this.#pinning.prefix('generator'),
      readyTimeoutMs: READY_TIMEOUT_MS,
    });
  }

  /** On the gateway's cores, since it stands in its place. */
  startCanned(): Promise<Gateway> {
    return Child.start<GatewayReady>({
      name: 'canned server',
      module: modulePath('bench/baselines/canned'),
      arguments: ['--config', this.#file({ upstream: { host: '127.0.0.1', port: 0 }, passThrough: false }), '--exit-with-stdin'],
      prefix: this.#pinning.prefix('gateway'),
      readyTimeoutMs: READY_TIMEOUT_MS,
    });
  }

  /** The gateway of an arm, or the hand-written relay that stands in its place. */
  startGateway(arm: Arm, upstreamPort: number): Promise<Gateway> {
    const bare = arm.kind === 'bare' || arm.kind === 'pass-through';
    const config = bare
      ? { upstream: { host: '127.0.0.1', port: upstreamPort }, passThrough: arm.kind === 'pass-through' }
      : gatewayConfig(arm, upstreamPort, this.#tlsFiles(arm));
    return Child.start<GatewayReady>({
      name: `gateway ${arm.id}`,
      module: bare ? modulePath(`bench/baselines/${arm.client.transport}`) : modulePath('gateway/main'),
      arguments: ['--config', this.#file(config), '--exit-with-stdin'],
      prefix: this.#pinning.prefix('gateway'),
      readyTimeoutMs: READY_TIMEOUT_MS,
    });
  }

  #tlsFiles(arm: Arm): { key: string; cert: string } | undefined {
    if (!arm.conditions.tls) return undefined;
    if (!this.#certificate) throw new Error('no certificate was made for this run');
    return { key: this.#certificate.keyFile, cert: this.#certificate.certFile };
  }

  #file(config: object): string {
    this.#files += 1;
    const path = join(this.#folder, `config-${this.#files}.json`);
    writeFileSync(path, JSON.stringify(config));
    return path;
  }
}

function gatewayConfig(arm: Arm, upstreamPort: number, tls: { key: string; cert: string } | undefined): object {
  const { conditions } = arm;
  const streams = Math.max(16, conditions.streamsPerConnection);
  return {
    gateway: {
      host: '127.0.0.1',
      port: 0,
      adminPort: 0,
      flushMs: conditions.flushMs,
      compression: conditions.compression,
      streamsInFlightMax: streams,
      namedStreamsMax: Math.max(32, streams),
      connectionsMax: 20_000,
      ...(tls ? { tls } : {}),
    },
    acp: { defaultAgent: 'codex', allowedAgents: ['codex', 'subagent'] },
    // Room for whatever the load brings: what is asked of an arm is what it costs, not when it refuses.
    agents: { execution: arm.execution, threadPool: { turnsPerThread: 4_096, queueSize: 10_000 } },
    upstream: {
      url: `http://127.0.0.1:${upstreamPort}`,
      transport: arm.upstream.transport,
      envelope: arm.upstream.envelope,
      connection: arm.upstream.connection,
      streamsPerConnection: conditions.streamsPerConnection,
      connectionsMax: 10_000,
      history: arm.history,
    },
    logging: { level: 'error' },
  };
}

/** What a gateway's process depends on: arms that differ only in what the mock LLM or the load does can share one. */
export function gatewayKey(arm: Arm): string {
  const { tokensPerChunk: _chunk, arrivals: _arrivals, users: _users, ...ofGateway } = arm.conditions;
  return JSON.stringify([arm.kind, arm.client, arm.upstream, arm.history, arm.execution, ofGateway]);
}

/** The model name that makes the mock LLM behave as the scenario and the arm want. */
export function modelName(model: ModelSpec, arm: Arm): string {
  const settings: string[] = [];
  if (model.ttftMs !== undefined) settings.push(`ttftMs=${model.ttftMs}`);
  if (model.tpotMs !== undefined) settings.push(`tpotMs=${model.tpotMs}`);
  if (model.jitter !== undefined) settings.push(`jitter=${model.jitter}`);
  if (model.stalls !== undefined) settings.push(`stalls=${model.stalls}`);
  if (arm.conditions.tokensPerChunk !== 1) settings.push(`chunk=${arm.conditions.tokensPerChunk}`);
  if (arm.conditions.arrivals !== 'independent') settings.push(`arrivals=${arm.conditions.arrivals}`);
  return settings.length === 0 ? model.profile : `${model.profile}@${settings.join(',')}`;
}
