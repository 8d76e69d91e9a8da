/**
 * The processes of a run and their configurations: mock LLM, generator, and for each launch a fresh gateway an arm.
 * Everything listens on loopback on free ports and belongs to a run folder that goes away with the run.
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Arm, Direct } from '../arms.ts';
import type { Certificate } from '../host/certificate.ts';
import { modulePath } from '../host/package.ts';
import type { Pinning } from '../host/pinning.ts';
import { LinkControl, type LinksReady, linksConfig, linkUses } from '../link/control.ts';
import type { GatewaySpec } from '../scenario.ts';
import type { GeneratorCommand, GeneratorLine } from '../trial.ts';
import { Child, type ChildSpec } from './children.ts';
import { gatewayConfig } from './gateway-config.ts';
import { Links } from './links.ts';

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

/** How a gateway is started besides what every one is, by whoever looks into it. */
export interface Instrument {
  /** Command words in front of it. */
  prefix?: readonly string[];
  nodeOptions?: readonly string[];
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  /** In a process group of its own, with all that the words in front start. */
  detached?: boolean;
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
  readonly #gatewayCores: number;
  readonly certificate: Certificate | undefined;
  /** What clients of arms with authentication bring; of this run alone. */
  readonly token = randomBytes(32).toString('base64url');
  /** Names the run in its traces, a different one each time. */
  readonly run = randomBytes(8).toString('hex');
  #files = 0;

  constructor(folder: string, pinning: Pinning, gatewayCores: number, certificate: Certificate | undefined) {
    this.#folder = folder;
    this.#pinning = pinning;
    this.#gatewayCores = gatewayCores;
    this.certificate = certificate;
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
    return this.#start<UpstreamReady>({
      name: 'mock LLM',
      module: modulePath('bench/upstream/main'),
      arguments: ['--config', this.#file(config), '--exit-with-stdin'],
      prefix: this.#pinning.prefix('upstream'),
    });
  }

  /** One link for each round-trip time. */
  async startLinks(roundTripsMs: readonly number[]): Promise<Links> {
    const parsed = linksConfig(roundTripsMs);
    if ('problems' in parsed) throw new Error(`no links of ${roundTripsMs.join(', ')} ms: ${parsed.problems.join('; ')}`);
    const child = await this.#start<LinksReady>({
      name: 'emulated links',
      module: modulePath('bench/link/main'),
      arguments: ['--config', this.#file(parsed.value), '--pacing', this.#pinning.shared ? 'yielding' : 'spin', '--exit-with-stdin'],
      prefix: this.#pinning.prefix('links'),
    });
    return new Links(child, new LinkControl(child.ready.ports.admin), linkUses(parsed.value, child.ready));
  }

  startGenerator(kind: Direct): Promise<Generator> {
    const own = kind === 'direct';
    return this.#start<Generator['ready'], GeneratorLine, GeneratorCommand>({
      name: own ? 'generator' : `generator ${kind}`,
      module: modulePath(own ? 'bench/generator/main' : `bench/baselines/${kind}`),
      arguments: own ? ['--pacing', this.#pinning.shared ? 'yielding' : 'spin'] : [],
      nodeOptions: GENERATOR_NODE_OPTIONS,
      prefix: this.#pinning.prefix('generator'),
    });
  }

  /** On the gateway's cores, since it stands in its place. */
  startCanned(): Promise<Gateway> {
    return this.#start<GatewayReady>({
      name: 'canned server',
      module: modulePath('bench/baselines/canned'),
      arguments: ['--config', this.#file({ upstream: { host: '127.0.0.1', port: 0 }, passThrough: false }), '--exit-with-stdin'],
      prefix: this.#pinning.prefix('gateway'),
    });
  }

  /** The gateway of an arm, or the hand-written relay that stands in its place. */
  startGateway(arm: Arm, spec: GatewaySpec | undefined, upstreamPort: number, instrument: Instrument = {}): Promise<Gateway> {
    const bare = arm.kind === 'bare' || arm.kind === 'pass-through';
    const surroundings = {
      upstreamPort,
      token: this.token,
      cores: this.#gatewayCores,
      tls: this.#tlsFiles(arm),
      tracesFile: this.#tracesFile(),
    };
    const config = bare
      ? { upstream: { host: '127.0.0.1', port: upstreamPort }, passThrough: arm.kind === 'pass-through' }
      : gatewayConfig(arm, spec ?? {}, surroundings);
    return this.#start<GatewayReady>({
      ...instrument,
      name: `gateway ${arm.id}`,
      module: bare ? modulePath(`bench/baselines/${arm.client.transport}`) : modulePath('gateway/main'),
      arguments: ['--config', this.#file(config), '--exit-with-stdin', ...(spec?.faults && !bare ? ['--allow-faults'] : [])],
      prefix: [...this.#pinning.prefix('gateway'), ...(instrument.prefix ?? [])],
    });
  }

  #start<Ready, Line = never, Command = never>(
    spec: Omit<ChildSpec, 'readyTimeoutMs' | 'compileCache'>,
  ): Promise<Child<Ready, Line, Command>> {
    return Child.start({ ...spec, compileCache: join(this.#folder, 'compiled'), readyTimeoutMs: READY_TIMEOUT_MS });
  }

  #tlsFiles(arm: Arm): { key: string; cert: string } | undefined {
    if (!arm.conditions.tls) return undefined;
    if (!this.certificate) throw new Error('no certificate was made for this run');
    return { key: this.certificate.keyFile, cert: this.certificate.certFile };
  }

  #tracesFile(): string {
    this.#files += 1;
    return join(this.#folder, `traces-${this.#files}.jsonl`);
  }

  #file(config: object): string {
    this.#files += 1;
    const path = join(this.#folder, `config-${this.#files}.json`);
    writeFileSync(path, JSON.stringify(config));
    return path;
  }
}
