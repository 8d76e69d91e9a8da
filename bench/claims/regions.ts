/** Which readings each claim's region is fitted to, and what of them its model needs. */
import type { Region, Arm as ReportArm } from '../../reports/report.ts';
import { type Cell, type CellConditions, replyOf } from './cells.ts';
import type { PublishedClaim } from './published.ts';
import type { Judged } from './readings.ts';
import { type CpuReading, cpuRegion, type Reuse } from './region/cpu.ts';
import { type LatencyReading, latencyRegion } from './region/latency.ts';
import { type OverheadReading, overheadRegion } from './region/overhead.ts';

/** Of the report. */
export type ArmOf = (cell: Cell, id: string) => ReportArm | undefined;

/** `undefined` for a claim that no model is made of, and where the run lacks the cells that it would be fitted to. */
export function regionOf(claim: PublishedClaim, judged: readonly Judged[], armOf: ArmOf): Region | undefined {
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
function reuseOf(readings: readonly Judged[], armOf: ArmOf): (Reuse & { turns: number }) | undefined {
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
