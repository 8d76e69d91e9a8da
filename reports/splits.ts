/** What a whole is made of: the bytes of a reply by layer, the time of a turn by phase. One column an arm, or a part of its turns. */
import { PHASES, phaseTitle, RESIDUAL } from './phases.ts';
import type { Arm, Layers, PhaseSplit, Unit } from './report.ts';

export interface Split {
  title: string;
  /** What its rows are. */
  what: string;
  names: readonly string[];
  columns: readonly SplitColumn[];
}

export interface SplitColumn {
  arm: Arm;
  /** Which of the arm's turns; empty: all that there is. */
  among: string;
  /** How many they are. */
  turns?: number;
  unit: Unit;
  /** In the order of `names`; `null`: not told apart. A residual can be negative. */
  values: readonly (number | null)[];
}

export function splitsOf(arms: readonly Arm[]): Split[] {
  return [layers(arms), phases(arms)].filter(({ columns }) => columns.length > 0);
}

/** The length of its bar. */
export function wholeOf({ values }: SplitColumn): number {
  return values.reduce((sum: number, value) => sum + Math.max(0, value ?? 0), 0);
}

/** `around the median (150)`. */
export function amongText({ among, turns }: SplitColumn): string {
  return turns === undefined ? among : `${among} (${turns})`;
}

const LAYERS: readonly { name: string; key: Exclude<keyof Layers, 'unit'> }[] = [
  { name: 'content', key: 'content' },
  { name: 'envelope', key: 'envelope' },
  { name: 'framing', key: 'framing' },
  { name: 'headers', key: 'headers' },
  { name: 'TLS', key: 'tls' },
  { name: 'diagnostics', key: 'diagnostics' },
];

function layers(arms: readonly Arm[]): Split {
  return {
    title: 'Where the bytes of a reply go',
    what: 'layer',
    names: LAYERS.map(({ name }) => name),
    columns: arms.flatMap((arm): SplitColumn[] => {
      const { layers: of } = arm;
      return of ? [{ arm, among: '', unit: of.unit, values: LAYERS.map(({ key }) => of[key]) }] : [];
    }),
  };
}

export const AMONG: Readonly<Record<PhaseSplit['among'], string>> = {
  p50: 'around the median',
  p90: 'above p90',
  p99: 'above p99',
  all: 'all turns',
};

function phases(arms: readonly Arm[]): Split {
  const splits = arms.flatMap((arm) => shownOf(arm.phases ?? []).map((split) => ({ arm, split })));
  const present = new Set(splits.flatMap(({ split }) => Object.keys(split.meanMs)));
  const known = PHASES.map(({ key }) => key).filter((key) => present.has(key));
  const keys = [...known, ...[...present].filter((key) => !known.includes(key))];
  return {
    title: 'Where the time of a turn goes',
    what: 'mean of the phase',
    names: [...keys.map(phaseTitle), RESIDUAL.title],
    columns: splits.map(({ arm, split }) => ({
      arm,
      among: AMONG[split.among],
      turns: split.turns,
      unit: 'ms',
      values: [...keys.map((key) => split.meanMs[key] ?? 0), split.residualMs],
    })),
  };
}

/** What the whole of an arm's turns is made of says little beside its middle and its tail. */
function shownOf(splits: readonly PhaseSplit[]): PhaseSplit[] {
  const parts = splits.filter(({ among }) => among !== 'all');
  return parts.length > 0 ? parts : [...splits];
}
