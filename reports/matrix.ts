/**
 * Numbers of a scenario's arms as tables of text. Few arms stand beside each other, a measure a row; many stand below each
 * other, a measure a column.
 */
import { ARMS_BESIDE_MAX, lettersOf } from './arms.ts';
import { type Cell, measureRows } from './digest.ts';
import { quantity, UNKNOWN } from './format.ts';
import type { Scenario } from './report.ts';
import { amongText, type Split } from './splits.ts';

export interface Matrix {
  header: string[];
  rows: { label: string; cells: Cell[] }[];
}

/** Of many arms the estimates alone: their intervals would make it unreadable. */
export function measureMatrix(scenario: Scenario, quantiles: readonly string[], of: 'target' | 'all'): Matrix {
  const rows = measureRows(scenario.arms, quantiles, of);
  const letters = [...lettersOf(scenario).values()];
  if (letters.length <= ARMS_BESIDE_MAX) return { header: ['', ...letters], rows };
  const bare = ({ text, ...rest }: Cell): Cell => ({ ...rest, text: text.replace(/ (\[.*\]|exact)$/, '') });
  return turned('arm', letters, { header: [], rows: rows.map(({ label, cells }) => ({ label, cells: cells.map(bare) })) });
}

export function splitMatrix(split: Split, letters: ReadonlyMap<string, string>): Matrix {
  const columns = split.columns.map((column) => `${letters.get(column.arm.id)} ${amongText(column)}`.trim());
  const rows = split.names.map((label, index) => ({
    label,
    cells: split.columns.map(({ unit, values }) => ({ text: quantity(values[index], unit) })),
  }));
  return columns.length <= ARMS_BESIDE_MAX ? { header: [split.what, ...columns], rows } : turned('arm', columns, { header: [], rows });
}

function turned(corner: string, columns: readonly string[], { rows }: Matrix): Matrix {
  return {
    header: [corner, ...rows.map(({ label }) => label)],
    rows: columns.map((label, index) => ({ label, cells: rows.map(({ cells }) => cells[index] ?? { text: UNKNOWN }) })),
  };
}
