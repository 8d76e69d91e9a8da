/**
 * `gatebench bench --ui`: the run's live page. The orchestrator tells it which trial is under way, the generator how it
 * goes, and the gateway of the trial how it is; each second becomes one sample. Nothing of it is in the report, and
 * nothing of the report waits for it. It costs the generator a few microseconds a turn and the gateway under trial one
 * line a second, so figures of a run that is watched may be a little worse than of one that is not.
 */
import {
  LIVE_SPAN_MS,
  type LiveArm,
  type LiveGateway,
  type LiveTotals,
  type LiveTrial,
  type LiveTurn,
  noOutcomes,
} from '../../dashboards/live/feed.ts';
import { LiveHub } from '../../dashboards/live/hub.ts';
import type { LiveSecond } from '../driver/live.ts';
import { packageVersion } from '../host/package.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import type { TrialResult } from '../trial.ts';
import { GatewayFeed } from './gateway-feed.ts';
import { serveUi, type UiServer } from './server.ts';

const SPAN_MS_MIN = 100;
/** A gateway's sample that is older says nothing of the second. */
const GATEWAY_AGE_MS_MAX = 2_500;
/** For viewers to take the last event. */
const CLOSE_GRACE_MS = 1_000;
/** More have no row; they are still in the report. */
const ARMS_MAX = 200;

export interface LiveRunOptions {
  title: string;
  /** Of these scenarios an arm's trials have one load, and its latencies may be put together. */
  comparable: (scenario: string) => boolean;
}

interface ArmSoFar {
  scenario: string;
  arm: string;
  trials: number;
  ended: LiveArm['ended'];
  turn: LatencyHistogram;
  ttft: LatencyHistogram;
}

interface UnderWay {
  trial: LiveTrial;
  feed: GatewayFeed | undefined;
  gateway: { sample: LiveGateway; atMs: number } | undefined;
}

export class LiveRun {
  readonly #hub: LiveHub;
  readonly #server: UiServer;
  readonly #comparable: LiveRunOptions['comparable'];
  readonly #arms = new Map<string, ArmSoFar>();
  readonly #pulse: NodeJS.Timeout;
  #underWay: UnderWay | undefined;
  #toldAtMs = Date.now();
  #closed = false;

  private constructor(hub: LiveHub, server: UiServer, { comparable }: LiveRunOptions) {
    this.#hub = hub;
    this.#server = server;
    this.#comparable = comparable;
    // Between trials nobody else tells that the run goes on.
    this.#pulse = setInterval(() => this.#tellOfSilence(), LIVE_SPAN_MS).unref();
  }

  static async open(options: LiveRunOptions): Promise<LiveRun> {
    const { title } = options;
    const version = packageVersion();
    const hub = new LiveHub(() => ({ source: 'bench', title, version }));
    return new LiveRun(hub, await serveUi(hub), options);
  }

  get url(): string {
    return this.#server.url;
  }

  /** @param adminPort of its gateway; `null`: there is nobody to ask. */
  trialBegins(trial: LiveTrial, adminPort: number | null): void {
    this.trialEnds(undefined);
    const underWay: UnderWay = { trial, feed: undefined, gateway: undefined };
    if (adminPort !== null) {
      underWay.feed = new GatewayFeed(adminPort, (sample) => {
        underWay.gateway = { sample, atMs: Date.now() };
      });
    }
    this.#underWay = underWay;
    if (this.#armOf(trial)) this.#tellArms();
  }

  second({ spanMs, load, turns }: LiveSecond): void {
    const trial = this.#underWay?.trial ?? null;
    // The rest of a trial may be of a moment, which makes no rate.
    if (spanMs < SPAN_MS_MIN) return;
    this.#tell(
      spanMs,
      load,
      turns.map((turn) => ({ ...turn, arm: trial?.arm ?? null })),
    );
  }

  /** @param result of a valid trial; `undefined` of any other. */
  trialEnds(result: TrialResult | undefined): void {
    const underWay = this.#underWay;
    if (!underWay) return;
    this.#underWay = undefined;
    underWay.feed?.close();
    const arm = result && this.#armOf(underWay.trial);
    if (!arm) return;
    arm.trials += 1;
    const { offered: _, ...ended } = result.turns;
    for (const [kind, count] of Object.entries(ended)) arm.ended[kind as keyof typeof ended] += count;
    if (this.#comparable(arm.scenario)) {
      arm.turn.add(LatencyHistogram.decode(result.histograms.turn));
      arm.ttft.add(LatencyHistogram.decode(result.histograms.ttft));
    }
    this.#tellArms();
  }

  /** The last event. */
  ends(how: string, reports: readonly string[]): void {
    this.trialEnds(undefined);
    this.#hub.end(how, reports);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#pulse);
    this.ends('it was broken off', []);
    await this.#server.close(CLOSE_GRACE_MS);
  }

  #tellOfSilence(): void {
    if (Date.now() - this.#toldAtMs > LIVE_SPAN_MS * 1.2) this.#tell(LIVE_SPAN_MS, null, []);
  }

  #tell(spanMs: number, load: LiveSecond['load'] | null, turns: readonly LiveTurn[]): void {
    const atMs = Date.now();
    const { trial = null, gateway } = this.#underWay ?? {};
    const fresh = gateway && atMs - gateway.atMs <= GATEWAY_AGE_MS_MAX ? gateway.sample : null;
    this.#toldAtMs = atMs;
    this.#hub.sample({ atMs, spanMs, trial, load, gateway: fresh }, turns);
  }

  #armOf({ scenario, arm }: LiveTrial): ArmSoFar | undefined {
    const key = `${scenario} ${arm}`;
    let found = this.#arms.get(key);
    if (!found && this.#arms.size < ARMS_MAX) {
      found = { scenario, arm, trials: 0, ended: noOutcomes(), turn: new LatencyHistogram(), ttft: new LatencyHistogram() };
      this.#arms.set(key, found);
    }
    return found;
  }

  #tellArms(): void {
    this.#hub.arms(
      [...this.#arms.values()].map(({ scenario, arm, trials, ended, turn, ttft }) => ({
        scenario,
        arm,
        trials,
        ended,
        turnMs: totalsOf(turn),
        firstTokenMs: totalsOf(ttft),
      })),
    );
  }
}

function totalsOf(histogram: LatencyHistogram): LiveTotals {
  return { p50: histogram.quantileMs(0.5), p99: histogram.quantileMs(0.99) };
}
