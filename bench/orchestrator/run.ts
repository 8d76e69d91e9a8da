/**
 * `gatebench bench`: plans, runs the launches, writes the report. The orchestrator draws, decides and writes; it never
 * carries load itself. What was measured before an interruption or a failure is kept and reported as such.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderReport } from '../../reports/render.ts';
import type { JsonValue, NotRun, Report, ReportVerdict } from '../../reports/report.ts';
import { SCHEMA_VERSION } from '../../reports/report.ts';
import { writeReport } from '../../reports/write.ts';
import { SCENARIOS } from '../../scenarios/index.ts';
import { type Arm, arm, type Direct, isDirect } from '../arms.ts';
import { EXIT } from '../command/command.ts';
import type { BenchOptions } from '../command/options.ts';
import { readCanary, timeCanary } from '../host/canary.ts';
import { makeCertificate } from '../host/certificate.ts';
import { readMachine } from '../host/environment.ts';
import { packageRoot, packageVersion } from '../host/package.ts';
import { planPinning, readPinningFacts } from '../host/pinning.ts';
import type { Scenario } from '../scenario.ts';
import { rng } from '../statistics/rng.ts';
import { ChildError } from './children.ts';
import { type LaunchContext, type LaunchData, type Planned, runLaunch } from './launch.ts';
import { type Gateway, type Generator, Processes } from './processes.ts';
import { makeProgress } from './progress.ts';
import { type ScenarioData, summarise } from './summarise.ts';
import { judgeThresholds } from './thresholds.ts';

/** @returns the exit status. */
export async function runBench(options: BenchOptions): Promise<number> {
  const startedAt = new Date();
  const startMs = performance.now();
  const progress = makeProgress(options.progress);
  const folder = mkdtempSync(join(tmpdir(), 'gatebench-'));
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const facts = readPinningFacts();
  const pinning = planPinning(facts);
  const plans = options.scenarios.map((name) => plan(SCENARIOS[name]!, options));
  const needsTls = plans.some(({ arms }) => arms.some(({ conditions }) => conditions.tls));
  const certificate = needsTls ? makeCertificate(folder) : undefined;
  const notRun = new Map<string, NotRun[]>();
  const planned = plans.map((one): Planned => {
    const lost = certificate ? [] : one.arms.filter(({ conditions }) => conditions.tls);
    notRun.set(
      one.scenario.name,
      lost.map(({ id }) => ({ what: id, reason: 'there is no openssl to make a certificate with' })),
    );
    return { ...one, arms: one.arms.filter((armOf) => !lost.includes(armOf)) };
  });
  const data: LaunchData = { observations: [], answers: [] };
  let trouble: string | undefined;
  const canaryBefore = timeCanary();
  try {
    await runLaunches(options, planned, data, {
      folder,
      pinning,
      certificate,
      gatewayCores: gatewayCoresOf(pinning, facts.coresEffective),
      signal: abort.signal,
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
  const scenarios = summarise(
    planned.map(
      (one): ScenarioData => ({
        ...one,
        observations: data.observations.filter(({ scenario }) => scenario === one.scenario.name),
        answers: data.answers.filter(({ scenario }) => scenario === one.scenario.name),
        notRun: notRun.get(one.scenario.name) ?? [],
        parameters: parametersOf(one, options),
      }),
    ),
    options.seed,
  );
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
        `the canary ran ${canary.shift.toFixed(2)} times as long after the run as before it`,
      ],
    },
    scenarios,
    claims: [],
    thresholds,
    verdict: verdict.verdict,
    verdictReason: verdict.reason,
  };
  const paths = writeReport(report, options.outDir);
  if (options.json) process.stdout.write(renderReport(report, 'json'));
  else {
    process.stdout.write(renderReport(report, 'terminal', { color: process.stdout.isTTY === true }));
    process.stdout.write(`\nReports: ${paths.join(', ')}\n`);
  }
  if (trouble !== undefined) process.stderr.write(`gatebench: ${trouble}\n`);
  if (trouble !== undefined || !measuredAnything(scenarios)) return EXIT.failure;
  return thresholds.every(({ ok }) => ok) ? EXIT.pass : EXIT.regression;
}

type RunParts = Pick<LaunchContext, 'folder' | 'gatewayCores' | 'signal' | 'progress'> & {
  pinning: ReturnType<typeof planPinning>;
  certificate: ReturnType<typeof makeCertificate>;
};

async function runLaunches(options: BenchOptions, planned: readonly Planned[], data: LaunchData, parts: RunParts): Promise<void> {
  const { pinning, certificate, ...rest } = parts;
  const processes = new Processes(parts.folder, pinning, certificate);
  const launches = Math.max(...planned.map(({ extent }) => extent.launches));
  const upstream = await processes.startUpstream();
  try {
    const generators = new Map<Direct, Generator>();
    let canned: Gateway | undefined;
    try {
      generators.set('direct', await processes.startGenerator('direct'));
      for (const { arms } of planned) {
        for (const { kind } of arms)
          if (isDirect(kind) && !generators.has(kind)) generators.set(kind, await processes.startGenerator(kind));
      }
      if (planned.some(({ scenario }) => scenario.target === 'canned')) canned = await processes.startCanned();
      let done = 0;
      const total = launches * planned.reduce((sum, { arms, extent }) => sum + arms.length * extent.trialsPerLaunch, 0);
      const context: LaunchContext = {
        ...rest,
        processes,
        upstream,
        generators,
        canned,
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
      await Promise.all([...generators.values(), ...(canned ? [canned] : [])].map((child) => child.stop()));
    }
  } finally {
    await upstream.stop();
  }
}

function plan(scenario: Scenario, options: BenchOptions): Planned {
  const extent = scenario[options.depth];
  const arms: Arm[] = (options.arms ?? scenario.arms).map(arm);
  const { pairs: _pairs, ...unpaired } = scenario;
  return {
    // With arms of the user's choice the first is the baseline of all.
    scenario: options.arms ? unpaired : scenario,
    arms,
    extent: options.launches === undefined ? extent : { ...extent, launches: options.launches },
  };
}

function parametersOf({ scenario, extent }: Planned, options: BenchOptions): Record<string, JsonValue> {
  const { model, workload, plan } = scenario;
  return JSON.parse(
    JSON.stringify({
      depth: options.depth,
      ...extent,
      model,
      workload,
      load: plan.kind === 'load' ? plan.load : plan,
      trace: options.trace ?? null,
    }),
  ) as Record<string, JsonValue>;
}

function gatewayCoresOf(pinning: ReturnType<typeof planPinning>, coresEffective: number): number {
  return pinning.card.find(({ process }) => process === 'gateway')?.cores.length ?? coresEffective;
}

function measuredAnything(scenarios: Report['scenarios']): boolean {
  return scenarios.some(({ arms }) => arms.some(({ launches, turns }) => launches > 0 && turns.completed > 0));
}

/** Beyond this, before and after the run are two machines. */
const CANARY_SHIFT_MAX = 1.5;

function verdictOf(
  scenarios: Report['scenarios'],
  thresholds: Report['thresholds'],
  trouble: string | undefined,
  canaryShift: number,
): { verdict: ReportVerdict; reason: string } {
  const missed = thresholds.filter(({ ok }) => !ok);
  if (trouble !== undefined) return { verdict: 'inconclusive', reason: trouble };
  if (!measuredAnything(scenarios)) return { verdict: 'fail', reason: 'nothing valid was measured' };
  if (missed.length > 0) return { verdict: 'fail', reason: `${missed.length} of ${thresholds.length} thresholds do not hold` };
  const invalid = scenarios.flatMap(({ name, arms }) => arms.filter(({ validity }) => !validity.ok).map(({ id }) => `${name} ${id}`));
  if (invalid.length > 0) return { verdict: 'inconclusive', reason: `too many trials were not valid on ${invalid.join(', ')}` };
  if (Math.max(canaryShift, 1 / canaryShift) > CANARY_SHIFT_MAX) {
    return { verdict: 'inconclusive', reason: `the machine’s speed changed by a factor of ${canaryShift.toFixed(2)} during the run` };
  }
  return {
    verdict: 'pass',
    reason: thresholds.length > 0 ? 'every arm was measured validly and every threshold holds' : 'every arm was measured validly',
  };
}
