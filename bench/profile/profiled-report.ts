/** The report of the trial that was profiled: of one launch, under a profiler, so its figures are no measurement. */
import { type Report, SCHEMA_VERSION } from '../../reports/report.ts';
import type { Arm } from '../arms.ts';
import { readMachine } from '../host/environment.ts';
import { packageRoot, packageVersion } from '../host/package.ts';
import type { Pinning } from '../host/pinning.ts';
import type { Observation } from '../orchestrator/observation.ts';
import { gatherAll, summarise } from '../orchestrator/summarise.ts';
import type { Scenario } from '../scenario.ts';

export interface Profiled {
  scenario: Scenario;
  arm: Arm;
  seed: number;
  observation: Observation;
  pinning: Pinning;
  startedAt: Date;
  durationMs: number;
  command: readonly string[];
}

export function profiledReport({ scenario, arm, seed, observation, pinning, startedAt, durationMs, command }: Profiled): Report {
  const { pairs: _pairs, ladder: _ladder, claims: _claims, ...alone } = scenario;
  const { windowStartNs, windowEndNs } = observation.result;
  const parameters = { profiler: '--cpu-prof', measureMs: Math.round((windowEndNs - windowStartNs) / 1e6) };
  const data = { scenario: alone, arms: [arm], observations: [observation], answers: [], notRun: [], parameters };
  const machine = readMachine(packageRoot());
  return {
    schemaVersion: SCHEMA_VERSION,
    tool: { name: 'gatebench', version: packageVersion() },
    startedAt: startedAt.toISOString(),
    durationMs,
    command,
    seed,
    environment: { ...machine, pinning: pinning.card, canaryCv: null, notes: [...(machine.notes ?? []), ...pinning.notes] },
    scenarios: summarise(gatherAll([data]), seed),
    claims: [],
    thresholds: [],
    verdict: 'inconclusive',
    verdictReason: 'measured under a profiler, which costs time itself: it shows where time goes, not how much a token takes',
  };
}
