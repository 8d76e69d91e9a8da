/**
 * `gatebench profile`: one arm of a scenario, with its gateway under Node's own profiler and then under clinic's tools,
 * one after the other, each with a fresh gateway and the same load. Whatever a tool could not do is said, and stops
 * none of the others; a gateway that dies is said too, and what was written until then is kept.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeReport } from '../../reports/write.ts';
import type { Arm } from '../arms.ts';
import { makeCertificate } from '../host/certificate.ts';
import { packageRoot } from '../host/package.ts';
import type { Observation } from '../orchestrator/observation.ts';
import type { Scenario } from '../scenario.ts';
import { type Clinic, type ClinicTool, findClinic, finishedPage } from './clinic.ts';
import type { ProfileIndex, ThreadResult, ToolResult } from './index-file.ts';
import { indexPage } from './index-page.ts';
import { type Bench, type LoadRequest, loadUnder, startBench, troubleOf } from './loaded.ts';
import { profiledReport } from './profiled-report.ts';
import { readThreads } from './threads.ts';

export interface ProfileRequest {
  scenario: Scenario;
  arm: Arm;
  measureMs: number;
  seed: number;
  clinic: readonly ClinicTool[];
  outDir: string;
  command: readonly string[];
  signal: AbortSignal;
  /** Told what goes on. */
  note: (text: string) => void;
}

export const CPU_PROF = 'cpu-prof';

/** To write profiles: a few seconds at most. */
const CPU_PROF_END_MS = 30_000;
/** To analyse what was collected. doctor builds a model in it, bubbleprof walks every asynchronous operation. */
const CLINIC_END_MS = 180_000;

export async function profile(request: ProfileRequest): Promise<ProfileIndex> {
  const { scenario, arm, outDir, signal, note, command, measureMs, seed } = request;
  const startedAt = new Date();
  const startMs = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'gatebench-profile-'));
  mkdirSync(outDir, { recursive: true });
  const tools: ToolResult[] = [];
  let own: CpuProf = { threads: [] };
  let report: string | null = null;
  try {
    const bench = await startBench(folder, arm, arm.conditions.tls ? makeCertificate(folder) : undefined);
    try {
      const load: LoadRequest = { scenario, arm, seed, measureMs, folder, signal };
      note(`${CPU_PROF}: ${arm.id} for ${measureMs / 1e3} s`);
      own = await cpuProf(bench, load, outDir);
      tools.push(cpuProfResult(own));
      tools.push(...(own.trouble === undefined ? await clinicTools(bench, load, request) : notTried(request.clinic)));
      if (own.observation) {
        const durationMs = Math.round(performance.now() - startMs);
        const { pinning } = bench;
        const made = profiledReport({ scenario, arm, seed, observation: own.observation, pinning, startedAt, durationMs, command });
        const pages = [...own.threads.flatMap(({ flame }) => flame ?? []), ...tools.flatMap(({ files }) => files.filter(isClinicPage))];
        await writeReport(made, outDir, ['index.html', ...pages]);
        report = 'report.html';
      }
    } finally {
      await bench.stop();
    }
  } catch (error) {
    own = { ...own, trouble: own.trouble ?? troubleOf(error, signal) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const index: ProfileIndex = {
    schemaVersion: 1,
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(performance.now() - startMs),
    command,
    scenario: scenario.name,
    arm: arm.id,
    measureMs,
    trouble: own.trouble ?? null,
    invalid: own.observation?.reasons ?? [],
    cpuMs: own.observation?.cpu ? own.observation.cpu.windowNs / 1e6 : null,
    tools,
    threads: own.threads,
    report,
  };
  writeFileSync(join(outDir, 'index.json'), `${JSON.stringify(index, null, 2)}\n`);
  writeFileSync(join(outDir, 'index.html'), indexPage(index));
  return index;
}

interface CpuProf {
  threads: readonly ThreadResult[];
  observation?: Observation;
  trouble?: string;
}

async function cpuProf(bench: Bench, load: LoadRequest, outDir: string): Promise<CpuProf> {
  const from = join(load.folder, 'cpu-prof');
  const instrument = { nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${from}`], endLimitMs: CPU_PROF_END_MS, wrapped: false };
  const read = (units: Parameters<typeof readThreads>[0]['units'], window?: { start: number; end: number }) =>
    readThreads({ from, to: outDir, units, window, arm: load.arm.id, root: packageRoot() });
  try {
    const { observation, units } = await loadUnder(bench, load, instrument);
    const { windowStartNs, windowEndNs } = observation.result;
    return { observation, threads: read(units, { start: windowStartNs / 1e3, end: windowEndNs / 1e3 }) };
  } catch (error) {
    // Threads that ended before may have written theirs.
    return { trouble: troubleOf(error, load.signal), threads: read([]) };
  }
}

function cpuProfResult({ threads, trouble }: CpuProf): ToolResult {
  const files = threads.flatMap(({ profile: file, flame }) => [file, flame].filter((name) => name !== null));
  const missing = threads.filter(({ reason }) => reason !== null).map(({ name, reason }) => `${name}: ${reason}`);
  const reasons = [...(trouble === undefined ? [] : [trouble]), ...missing];
  if (files.length === 0 && reasons.length === 0) reasons.push('no thread wrote a profile');
  return { tool: CPU_PROF, ok: reasons.length === 0, files, reason: reasons.length === 0 ? null : reasons.join('; ') };
}

/** Where the gateway died under the first, it would under the others, or something else is wrong. */
function notTried(clinic: readonly ClinicTool[]): ToolResult[] {
  return clinic.map((tool) => ({ tool: `clinic ${tool}`, ok: false, files: [], reason: `not tried, since ${CPU_PROF} met trouble` }));
}

async function clinicTools(bench: Bench, load: LoadRequest, { clinic, outDir, note }: ProfileRequest): Promise<ToolResult[]> {
  const results: ToolResult[] = [];
  if (clinic.length === 0) return results;
  const found = await findClinic(load.signal, () => note('installing clinic into tools/clinic: 694 packages, minutes …'));
  for (const tool of clinic) {
    const failed = (reason: string): ToolResult => ({ tool: `clinic ${tool}`, ok: false, files: [], reason });
    if (load.signal.aborted) results.push(failed('interrupted'));
    else if (!found.ok) results.push(failed(found.reason));
    else {
      note(`clinic ${tool}: ${load.arm.id} for ${load.measureMs / 1e3} s, and its analysis`);
      const page = await underClinic(bench, load, found.value, tool, outDir);
      results.push('file' in page ? { tool: `clinic ${tool}`, ok: true, files: [page.file], reason: null } : failed(page.reason));
    }
  }
  return results;
}

async function underClinic(
  bench: Bench,
  load: LoadRequest,
  clinic: Clinic,
  tool: ClinicTool,
  outDir: string,
): Promise<{ file: string } | { reason: string }> {
  // doctor's traces and flame's logs appear in the folder that they are started in.
  const cwd = join(load.folder, tool);
  mkdirSync(cwd);
  const prefix = clinic.words(tool, cwd);
  let trouble: string | undefined;
  try {
    await loadUnder(bench, load, { prefix, env: clinic.env, cwd, detached: true, endLimitMs: CLINIC_END_MS, wrapped: true });
  } catch (error) {
    trouble = troubleOf(error, load.signal);
  }
  const page = finishedPage(tool, cwd);
  if (!page.ok) return { reason: trouble === undefined ? page.reason : `${page.reason}: ${trouble}` };
  if (trouble !== undefined) return { reason: trouble };
  const file = `clinic-${tool}.html`;
  copyFileSync(page.value, join(outDir, file));
  rmSync(cwd, { recursive: true, force: true });
  return { file };
}

function isClinicPage(file: string): boolean {
  return file.startsWith('clinic-');
}
