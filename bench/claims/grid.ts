/**
 * The grid of conditions in which the published claims are read (round trips × TLS × speed of the model × tokens a chunk),
 * and which of its cells a run leaves out: what is not listed was run.
 */
import type { NotRun } from '../../reports/report.ts';
import { CLAIM_GRID } from '../../scenarios/claims.ts';
import { roundTripWords } from '../conditions.ts';
import type { Planned } from '../orchestrator/launch-context.ts';
import type { ClaimGrid } from '../scenario.ts';
import { conditionsOf, groupEnds, unlinkedWords } from './cells.ts';
import { PUBLISHED } from './published.ts';

export interface GridCell {
  /** What is read there: from trials at a fixed load, or from a search for the limit. */
  kind: 'load' | 'search';
  roundTripMs: number;
  tls: boolean;
  tpotMs: number;
  tokensPerChunk: number;
}

export function gridCells({ roundTripsMs, tls, tpotMs, tokensPerChunk }: ClaimGrid = CLAIM_GRID): GridCell[] {
  return (['load', 'search'] as const).flatMap((kind) =>
    tpotMs.flatMap((tpot) =>
      tls.flatMap((encrypted) =>
        tokensPerChunk.flatMap((tokens) =>
          roundTripsMs.map((roundTripMs) => ({ kind, roundTripMs, tls: encrypted, tpotMs: tpot, tokensPerChunk: tokens })),
        ),
      ),
    ),
  );
}

/** Those in which both published ends are measured; a mix of round-trip times is a cell of each. */
export function cellsRun(planned: readonly Planned[]): GridCell[] {
  return planned.filter(isOfClaims).flatMap(({ scenario, arms }) =>
    groupEnds(arms, (one) => one).flatMap(({ http }) => {
      const { roundTripsMs, tls, tpotMs, tokensPerChunk, others } = conditionsOf(http, false, scenario);
      if (tpotMs === null || Object.keys(others).length > 0) return [];
      return roundTripsMs.map((roundTripMs) => ({ kind: kindOf(scenario), roundTripMs, tls, tpotMs, tokensPerChunk }));
    }),
  );
}

/** By scenario: each cell stands with the one that would have it. None where the run has nothing to do with the claims. */
export function cellsNotRun(planned: readonly Planned[], reasonOf: (cell: GridCell) => string): Map<string, NotRun[]> {
  const run = new Set(cellsRun(planned).map(keyOf));
  const homes = planned.filter(isOfClaims).map(({ scenario }) => scenario);
  const left = gridCells().filter((cell) => !run.has(keyOf(cell)));
  const notRun = new Map<string, NotRun[]>();
  for (const cells of Map.groupBy(left, ({ roundTripMs: _, ...rest }) => JSON.stringify(rest)).values()) {
    const [first] = cells;
    const ofKind = homes.filter((scenario) => kindOf(scenario) === first!.kind);
    const home = ofKind.find(({ model }) => model.tpotMs === first!.tpotMs) ?? ofKind[0];
    if (!home) continue;
    const entries = notRun.get(home.name) ?? [];
    notRun.set(home.name, [...entries, { what: wordsOf(cells), reason: reasonOf(first!) }]);
  }
  return notRun;
}

/** Cells that differ in nothing but their round-trip time. */
function wordsOf(cells: readonly GridCell[]): string {
  const { kind, tls, tpotMs, tokensPerChunk } = cells[0]!;
  const claims = PUBLISHED.map(({ measure }) => measure).filter((measure) => (measure === 'concurrency') === (kind === 'search'));
  const conditions = [
    roundTripWords(cells.map(({ roundTripMs }) => roundTripMs)),
    ...unlinkedWords({ tls, tpotMs, tokensPerChunk, others: {} }),
  ];
  return `${claims.join(', ')}: ${conditions.join(', ')}`;
}

function keyOf(cell: GridCell): string {
  return JSON.stringify([cell.kind, cell.roundTripMs, cell.tls, cell.tpotMs, cell.tokensPerChunk]);
}

function isOfClaims({ scenario }: Planned): boolean {
  return scenario.claims === true;
}

function kindOf({ plan }: Planned['scenario']): GridCell['kind'] {
  return plan.kind === 'search' ? 'search' : 'load';
}
