/**
 * `gatebench bench`: plans, runs the launches, writes the report. The orchestrator draws, decides and writes; it never
 * carries load itself. What was measured before an interruption or a failure is kept and reported as such.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verdictSentence } from '../../reports/digest.ts';
import { renderReport } from '../../reports/render.ts';
import type { Report } from '../../reports/report.ts';
import { SCHEMA_VERSION } from '../../reports/report.ts';
import { writeReport } from '../../reports/write.ts';
import { SCENARIOS } from '../../scenarios/index.ts';
import { type Direct, isDirect } from '../arms.ts';
import { judgeClaims } from '../claims/claims.ts';
import { cellsNotRun } from '../claims/grid.ts';
import { EXIT } from '../command/command.ts';
import type { BenchOptions } from '../command/options.ts';
import { readCanary, timeCanary } from '../host/canary.ts';
import { makeCertificate } from '../host/certificate.ts';
import { readMachine } from '../host/environment.ts';
import { packageRoot, packageVersion } from '../host/package.ts';
import { planPinning, readPinningFacts } from '../host/pinning.ts';
import { LiveRun } from '../live/live-run.ts';
import { LatencyHistogram } from '../statistics/histogram.ts';
import { rng } from '../statistics/rng.ts';
import type { ScenarioData } from './arm-data.ts';
import { ChildError } from './children.ts';
import { runLaunch } from './launch.ts';
import type { LaunchContext, LaunchData, Planned } from './launch-context.ts';
import type { Links } from './links.ts';
import type { Observation } from './observation.ts';
import { needsTls, parametersOf, planRun, reasonsOf, roundTripsOfRun } from './plan.ts';
import { type Gateway, type Generator, Processes } from './processes.ts';
import { makeProgress } from './progress.ts';
import { measuredAnything, verdictOf } from './run-verdict.ts';
import { saveTraces } from './slow-turns.ts';
import { gatherAll, summarise } from './summarise.ts';
import { judgeThresholds } from './thresholds.ts';

/** @returns the exit status. */
export async function runBench(options: BenchOptions): Promise<number> {
  if (!options.ui) return runSeen(options, undefined);
  const comparable = (scenario: string) => SCENARIOS[scenario]?.plan.kind === 'load';
  const live = await LiveRun.open({ title: `bench ${options.scenarios.join(' ')}, ${options.depth}`, comparable });
  process.stderr.write(`live page: ${live.url}\n`);
  try {
    return await runSeen(options, live);
  } finally {
    await live.close();
  }
}

async function runSeen(options: BenchOptions, live: LiveRun | undefined): Promise<number> {
  const startedAt = new Date();
  const startMs = performance.now();
  const progress = makeProgress(options.progress);
  const folder = mkdtempSync(join(tmpdir(), 'gatebench-'));
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const scenariosOf = options.scenarios.map((name) => SCENARIOS[name]!);
  const certificate = needsTls(scenariosOf, options) ? makeCertificate(folder) : undefined;
  const { planned, notRun } = planRun(scenariosOf, options, certificate !== undefined);
  const roundTripsMs = roundTripsOfRun(planned);
  const facts = readPinningFacts();
  const pinning = planPinning(facts, roundTripsMs.length > 0);
  const data: LaunchData = { observations: [], answers: [] };
  let trouble: string | undefined;
  const canaryBefore = timeCanary();
  try {
    await runLaunches(options, planned, data, {
      folder,
      pinning,
      certificate,
      roundTripsMs,
      ...gatewayCoresOf(pinning, facts.coresEffective),
      signal: abort.signal,
      live,
      progress,
    });
  } catch (error) {
    if (!(error instanceof ChildError)) throw error;
    trouble = abort.signal.aborted ? 'interrupted; what was measured until then is reported' : error.message;
  } finally {
    progress.end();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    rmSync(folder, { recursive: true, force: true });
  }
  const canary = readCanary(canaryBefore, timeCanary());
  const machine = readMachine(packageRoot());
  const cells = cellsNotRun(planned, reasonsOf(options, certificate !== undefined));
  const gathered = gatherAll(
    planned.map((one): ScenarioData => {
      const { name } = one.scenario;
      return {
        ...one,
        observations: data.observations.filter(({ scenario }) => scenario === name),
        answers: data.answers.filter(({ scenario }) => scenario === name),
        notRun: [...(notRun.get(name) ?? []), ...(cells.get(name) ?? [])],
        parameters: parametersOf(one, options),
      };
    }),
  );
  const scenarios = summarise(gathered, options.seed);
  const thresholds = judgeThresholds(options.thresholds, scenarios);
  const verdict = verdictOf(scenarios, thresholds, trouble, canary.shift);
  const report: Report = {
    schemaVersion: SCHEMA_VERSION,
    tool: { name: 'gatebench', version: packageVersion() },
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(performance.now() - startMs),
    command: options.command,
    seed: options.seed,
    environment: {
      ...machine,
      pinning: pinning.card,
      canaryCv: canary.cv,
      notes: [
        ...(machine.notes ?? []),
        ...pinning.notes,
        ...linkNotes(data.observations),
        `the canary ran ${canary.shift.toFixed(2)} times as long after the run as before it`,
      ],
    },
    scenarios,
    claims: judgeClaims(gathered, scenarios, options.seed),
    thresholds,
    verdict: verdict.verdict,
    verdictReason: verdict.reason,
  };
  const traces = saveTraces(gathered, options.outDir);
  const paths = await writeReport(report, options.outDir, traces);
  live?.ends(verdictSentence(report), paths);
  if (options.json) process.stdout.write(await renderReport(report, 'json'));
  else {
    process.stdout.write(await renderReport(report, 'terminal', { terminal: { color: process.stdout.isTTY === true } }));
    process.stdout.write(`\nReports: ${paths.join(', ')}\n`);
  }
  if (trouble !== undefined) process.stderr.write(`gatebench: ${trouble}\n`);
  if (trouble !== undefined || !measuredAnything(scenarios)) return EXIT.failure;
  return thresholds.every(({ ok }) => ok) ? EXIT.pass : EXIT.regression;
}

type RunParts = Pick<LaunchContext, 'folder' | 'gatewayCores' | 'gatewayOwnCores' | 'signal' | 'live' | 'progress'> & {
  pinning: ReturnType<typeof planPinning>;
  certificate: ReturnType<typeof makeCertificate>;
  /** Of emulated links that the run needs; none where it needs none. */
  roundTripsMs: readonly number[];
};

async function runLaunches(options: BenchOptions, planned: readonly Planned[], data: LaunchData, parts: RunParts): Promise<void> {
  const { pinning, certificate, roundTripsMs, ...rest } = parts;
  const processes = new Processes(parts.folder, pinning, parts.gatewayCores, certificate);
  const launches = Math.max(...planned.map(({ extent }) => extent.launches));
  const upstream = await processes.startUpstream();
  try {
    const generators = new Map<Direct, Generator>();
    let canned: Gateway | undefined;
    let links: Links | undefined;
    try {
      if (roundTripsMs.length > 0) links = await processes.startLinks(roundTripsMs);
      generators.set('direct', await processes.startGenerator('direct'));
      for (const { arms } of planned) {
        for (const { kind } of arms)
          if (isDirect(kind) && !generators.has(kind)) generators.set(kind, await processes.startGenerator(kind));
      }
      if (planned.some(({ scenario }) => scenario.target === 'canned')) canned = await processes.startCanned();
      let done = 0;
      const trialsOf = ({ scenario, arms, extent }: Planned) =>
        arms.length * extent.trialsPerLaunch * (scenario.plan.kind === 'overload' ? 2 : 1);
      const total = launches * planned.reduce((sum, one) => sum + trialsOf(one), 0);
      const context: LaunchContext = {
        ...rest,
        processes,
        upstream,
        generators,
        canned,
        links,
        coreShared: pinning.shared,
        seed: options.seed,
        trace: options.trace,
        random: rng(`${options.seed}/order`),
        found: new Map(),
        onTrial: (what) => {
          parts.progress.step(Math.min(done, total), total, what);
          done += 1;
        },
      };
      for (let launch = 0; launch < launches; launch += 1) {
        await runLaunch(
          context,
          launch,
          planned.filter(({ extent }) => launch < extent.launches),
          data,
        );
      }
    } finally {
      const children = [...generators.values(), ...(canned ? [canned] : []), ...(links ? [links.child] : [])];
      await Promise.all(children.map((child) => child.stop()));
    }
  } finally {
    await upstream.stop();
  }
}

/** How many cores a gateway may use, and which of them nobody else is given: none where nothing is pinned. */
export function gatewayCoresOf(
  pinning: ReturnType<typeof planPinning>,
  coresEffective: number,
): Pick<LaunchContext, 'gatewayCores' | 'gatewayOwnCores'> {
  const gatewayOwnCores = pinning.card.find(({ process }) => process === 'gateway')?.cores ?? [];
  return { gatewayCores: gatewayOwnCores.length || coresEffective, gatewayOwnCores };
}

/** The emulated links' own error over the run, which is part of no trial that is valid beyond its limit. */
function linkNotes(observations: readonly Observation[]): string[] {
  const lateness = LatencyHistogram.merge(observations.flatMap(({ links }) => links?.lateness ?? []));
  const [p50, p99] = [lateness.quantileMs(0.5), lateness.quantileMs(0.99)];
  if (p50 === null || p99 === null) return [];
  return [`the emulated links delivered ${lateness.count} times, late by ${p50.toFixed(2)} ms (p50) and ${p99.toFixed(2)} ms (p99)`];
}
