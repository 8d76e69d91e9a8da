/**
 * The published claims held against a run: readings in every cell that it has, the headline's verdict, what decided it, and
 * where the claim would hold.
 */
import type { Claim, Region, Arm as ReportArm, Scenario as ReportScenario } from '../../reports/report.ts';

import { roundTripWords } from '../conditions.ts';
import { directionOf } from '../orchestrator/measures.ts';
import type { Gathered } from '../orchestrator/summarise.ts';
import { type Cell, type CellConditions, cellsOf, conditionWords, replyOf } from './cells.ts';
import { type Climb, climbOf } from './climb.ts';
import { explain } from './explain.ts';
import { PUBLISHED, type PublishedClaim } from './published.ts';
import { type Judged, readingsOf } from './readings.ts';
import { type CpuReading, cpuRegion } from './region/cpu.ts';
import { type LatencyReading, latencyRegion } from './region/latency.ts';
import { type OverheadReading, overheadRegion } from './region/overhead.ts';

/** Those of which the run has a cell; none where it has nothing to do with them. */
export function judgeClaims(run: readonly Gathered[], scenarios: readonly ReportScenario[], seed: number): Claim[] {
  const cells = cellsOf(run);
  const armsOf = new Map(scenarios.map(({ name, arms }) => [name, new Map(arms.map((arm) => [arm.id, arm]))]));
  const armOf = ({ scenario }: Cell, id: string): ReportArm | undefined => armsOf.get(scenario.name)?.get(id);
  return PUBLISHED.flatMap((claim): Claim[] => {
    const judged = readingsOf(claim, cells, (cell, id) => armOf(cell, id)?.metrics ?? {}, seed);
    if (judged.length === 0) return [];
    const condition = conditionWords(claim.headline);
    const headline = judged.find(({ reading }) => reading.measure === claim.measure && reading.condition === condition);
    const region = regionOf(claim, judged, armOf);
    return [
      {
        measure: claim.measure,
        claimed: claim.claimed,
        headline: { measure: claim.measure, condition },
        readings: judged.map(({ reading }) => reading),
        verdict: headline?.reading.verdict ?? 'inconclusive',
        explanation: explanationOf(claim, headline, scenarios, run),
        ...(region ? { region } : {}),
      },
    ];
  });
}

function explanationOf(
  claim: PublishedClaim,
  headline: Judged | undefined,
  scenarios: readonly ReportScenario[],
  run: readonly Gathered[],
): string {
  const reply = headline && replyOf(headline.cell.scenario);
  const text = explain({
    direction: directionOf(claim.measure),
    headline,
    ...(claim.measure === 'turn' ? { modelMs: reply?.ms } : {}),
    ...(claim.measure === 'concurrency' ? { claimedHttp: claim.claimed.http } : {}),
    climb: ladderOf(claim, scenarios, run),
  });
  return claim.measure === 'concurrency' ? `${text} ${NO_REGION}` : text;
}

/** Nothing that could be fitted: it is a speed, of which the run has one. */
const NO_REGION =
  'Under which other conditions it would hold is not modelled: how many streams a gateway carries is the speed of its machine.';

/** The first ladder of the run that has the claim's measure, at the headline's round trip. */
function ladderOf(
  { ladderMeasure, headline }: PublishedClaim,
  scenarios: readonly ReportScenario[],
  run: readonly Gathered[],
): (Climb & { of: string }) | undefined {
  if (ladderMeasure === undefined) return undefined;
  const words = roundTripWords(headline.roundTripsMs);
  for (const [index, scenario] of scenarios.entries()) {
    const climb = climbOf(scenario, ladderMeasure, headline.roundTripsMs.length > 1 ? `${words} mixed` : words);
    const spec = run[index]?.data.scenario;
    if (climb && spec)
      return { ...climb, of: [ladderMeasure, ...(spec.model.tpotMs === undefined ? [] : [`${spec.model.tpotMs} ms a token`])].join(', ') };
  }
  return undefined;
}

type ArmOf = (cell: Cell, id: string) => ReportArm | undefined;

function regionOf(claim: PublishedClaim, judged: readonly Judged[], armOf: ArmOf): Region | undefined {
  const { improvement: claimed } = claim.claimed;
  const alike = judged.filter(({ cell: { conditions } }) => isLike(conditions, claim.headline));
  switch (claim.measure) {
    case 'turn':
      return latencyRegion(alike.filter(({ reading }) => reading.measure === 'turn').flatMap(latencyReading), claimed);
    case 'tokenOverhead':
      return overheadRegion(
        alike.filter(({ reading }) => reading.measure === 'tokenOverhead').flatMap((one) => overheadReading(one, armOf)),
        claimed,
      );
    case 'cpuShare': {
      const readings = alike.filter(({ reading }) => reading.measure === 'cpuPerToken');
      const reuse = reuseOf(readings, armOf);
      return reuse && cpuRegion(readings.flatMap(cpuReading), reuse, reuse.turns, claimed);
    }
    default:
      return undefined;
  }
}

/** The headline's encryption, and nothing that the models do not know of. */
function isLike({ tls, others }: CellConditions, headline: CellConditions): boolean {
  return tls === headline.tls && Object.keys(others).length === 0;
}

function latencyReading({ reading, cell }: Judged): LatencyReading[] {
  const { roundTripsMs, tokensPerChunk } = cell.conditions;
  const reply = replyOf(cell.scenario);
  const { http, websocket, improvement } = reading;
  if (!reply || tokensPerChunk !== 1 || http === null || websocket === null || improvement === null) return [];
  return [{ roundTripMs: roundTripsMs[0]!, modelMs: reply.ms, httpMs: http, websocketMs: websocket, improvement }];
}

function overheadReading({ reading, cell }: Judged, armOf: ArmOf): OverheadReading[] {
  const reply = replyOf(cell.scenario);
  const [http, websocket] = [armOf(cell, cell.http.arm.id), armOf(cell, cell.websocket.arm.id)];
  const [before, after] = [http?.metrics.bytesPerToken?.estimate, websocket?.metrics.bytesPerToken?.estimate];
  const content = http?.layers?.content;
  if (!reply || before == null || after == null || content === undefined || reading.improvement === null) return [];
  return [
    {
      tokens: reply.tokens,
      tokensPerChunk: cell.conditions.tokensPerChunk,
      httpBytesPerToken: before,
      websocketBytesPerToken: after,
      contentBytesPerToken: content,
      improvement: reading.improvement,
    },
  ];
}

function cpuReading({ reading, cell }: Judged): CpuReading[] {
  const reply = replyOf(cell.scenario);
  const { http, websocket, improvement } = reading;
  if (!reply || http === null || websocket === null || improvement === null) return [];
  const perTurn = (usPerToken: number) => (usPerToken * reply.tokens) / 1e3;
  return [
    {
      tokens: reply.tokens,
      tokensPerChunk: cell.conditions.tokensPerChunk,
      httpMsPerTurn: perTurn(http),
      websocketMsPerTurn: perTurn(websocket),
      improvement,
    },
  ];
}

/** From the two arms of one scenario that differ in nothing but whether connections are kept. */
function reuseOf(readings: readonly Judged[], armOf: ArmOf): { perTurnMs: number; keptMs: number; turns: number } | undefined {
  for (const { cell } of readings) {
    const reply = replyOf(cell.scenario);
    const rung = cell.scenario.ladder?.rungs.find(({ factor }) => factor === REUSE);
    const costs = [rung?.from, rung?.to].map((id) => (id === undefined ? undefined : armOf(cell, id)?.metrics.cpuPerToken?.estimate));
    const [perTurn, kept] = costs;
    if (!reply || perTurn == null || kept == null) continue;
    return {
      perTurnMs: (perTurn * reply.tokens) / 1e3,
      keptMs: (kept * reply.tokens) / 1e3,
      turns: cell.scenario.workload.turnsPerSession,
    };
  }
  return undefined;
}

/** As the ladder calls it. */
const REUSE = 'connection reuse';
