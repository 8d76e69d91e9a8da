/** What a whole is made of: the bytes of a reply by layer, the time of a turn by phase. One column an arm, or a part of its turns. */
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

const AMONG: Readonly<Record<PhaseSplit['among'], string>> = { p50: 'around the median', p99: 'above p99', all: 'all turns' };

function phases(arms: readonly Arm[]): Split {
  const splits = arms.flatMap((arm) => (arm.phases ?? []).map((split) => ({ arm, split })));
  const names = [...new Set(splits.flatMap(({ split }) => Object.keys(split.meanMs)))];
  return {
    title: 'Where the time of a turn goes',
    what: 'mean of the phase',
    names: [...names, 'residual'],
    columns: splits.map(({ arm, split }) => ({
      arm,
      among: AMONG[split.among],
      turns: split.turns,
      unit: 'ms',
      values: [...names.map((name) => split.meanMs[name] ?? 0), split.residualMs],
    })),
  };
}
