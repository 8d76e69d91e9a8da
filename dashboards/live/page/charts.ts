/**
 * What the charts show, as data: each has lines made from the moments in view. Where a run has several arms and none is
 * chosen, each arm has a line of its own, which pauses while others have their turn; a chart of parts (outcomes, phases,
 * threads) shows whatever ran, in layers.
 */
import { LIVE_OUTCOMES, type LiveOutcome, type LiveQuantiles, type LiveSample } from '../feed.ts';
import { cores, duration, letterOf, quantity, words } from './format.ts';
import type { Moment, View } from './store.ts';

export interface Line {
  label: string;
  /** Name of a colour of the page. */
  color: string;
  dash: readonly number[];
  values: (number | null)[];
}

export interface Chart {
  id: string;
  title: string;
  note: string;
  /** Lines are layers, the first at the bottom. */
  layers: boolean;
  format: (value: number) => string;
  lines: Line[];
}

type Read = (sample: LiveSample) => number | null | undefined;

const COLORS = 8;
const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 2], [10, 3, 2, 3], [4, 4], [12, 4], [7, 2, 2, 2, 2, 2], [1, 4]];
const OUTCOME_COLORS: Readonly<Record<LiveOutcome, string>> = {
  completed: 'part-0',
  failed: 'bad',
  cancelled: 'part-10',
  timedOut: 'part-9',
  refused: 'part-4',
  dropped: 'part-8',
};
/** Beyond, threads share one layer. */
const THREADS_SHOWN = 7;

export function armColor(index: number): string {
  return `line-${index % COLORS}`;
}

export function chartsOf(moments: readonly Moment[], view: View, arms: readonly string[]): Chart[] {
  const sideBySide = arms.length > 1 && view.arm === null;
  const seen =
    view.arm === null ? moments : moments.map((moment) => (moment.sample?.trial?.arm === view.arm ? moment : { ...moment, sample: null }));
  const values = (read: Read) => seen.map(({ sample }) => (sample ? (read(sample) ?? null) : null));
  const line = (label: string, index: number, read: Read): Line => ({
    label,
    color: armColor(index),
    dash: DASHES[index % COLORS]!,
    values: values(read),
  });
  const layer = (label: string, color: string, read: Read): Line => ({ label, color, dash: [], values: values(read) });
  /** A line for each arm; where there are none, or one alone, the lines that say more of it. */
  const lines = (read: Read, alone: Line[]): Line[] =>
    sideBySide
      ? arms.map((arm, index) => line(letterOf(index), index, (sample) => (sample.trial?.arm === arm ? read(sample) : null)))
      : alone;
  const quantiles = (of: (sample: LiveSample) => LiveQuantiles | null | undefined) =>
    lines(
      (sample) => of(sample)?.[view.quantile],
      (['p50', 'p90', 'p99'] as const).map((q, index) => line(q, index, (sample) => of(sample)?.[q])),
    );
  const suffix = sideBySide ? `, ${view.quantile} of each arm` : '';
  const perSecond = (value: number | undefined, { spanMs }: LiveSample) => (value === undefined ? null : (value * 1e3) / spanMs);
  const outcomes = LIVE_OUTCOMES.filter((kind) => kind === 'completed' || seen.some(({ sample }) => (sample?.load?.ended[kind] ?? 0) > 0));
  const charts: Chart[] = [
    {
      id: 'turns',
      title: 'Turns ended per second',
      note: 'by how they ended',
      layers: true,
      format: quantity,
      lines: outcomes.map((kind) => layer(words(kind), OUTCOME_COLORS[kind], (sample) => perSecond(sample.load?.ended[kind], sample))),
    },
    {
      id: 'latency',
      title: 'Turn latency',
      note: `completed turns of each second${suffix}`,
      layers: false,
      format: duration,
      lines: quantiles(({ load }) => load?.turnMs),
    },
    {
      id: 'first-token',
      title: 'Time to first token',
      note: `completed turns of each second${suffix}`,
      layers: false,
      format: duration,
      lines: quantiles(({ load }) => load?.firstTokenMs),
    },
    {
      id: 'phases',
      title: 'Where the time goes',
      note: 'mean time of a turn in each phase',
      layers: true,
      format: duration,
      lines: phasesIn(seen).map((name, index) => layer(words(name), partColor(index), ({ load }) => load?.phasesMs?.[name])),
    },
    {
      id: 'in-flight',
      title: 'Turns in flight',
      note: 'at the end of each second',
      layers: false,
      format: quantity,
      lines: lines(
        ({ load }) => load?.inFlight,
        [line('in flight', 0, ({ load }) => load?.inFlight), line('waiting for a thread', 1, ({ gateway }) => gateway?.waiting)],
      ),
    },
    {
      id: 'tokens',
      title: 'Output tokens per second',
      note: 'counted when their turn ends',
      layers: false,
      format: quantity,
      lines: lines(
        (sample) => perSecond(sample.load?.tokens, sample),
        [line('tokens', 0, (sample) => perSecond(sample.load?.tokens, sample))],
      ),
    },
    {
      id: 'loop-delay',
      title: 'Delay of the event loop',
      note: `what an event waits for the main thread${suffix}`,
      layers: false,
      format: duration,
      lines: quantiles(({ gateway }) => gateway?.loopDelayMs),
    },
    {
      id: 'cpu',
      title: 'Processor time of the gateway',
      note: 'by thread, 100 % is one core',
      layers: true,
      format: cores,
      lines: threadLayers(seen).map(({ name, read }, index) => layer(name, partColor(index), read)),
    },
  ];
  return charts;
}

export function partColor(index: number): string {
  return `part-${index % 11}`;
}

function phasesIn(moments: readonly Moment[]): string[] {
  const names = new Set<string>();
  for (const { sample } of moments) for (const name of Object.keys(sample?.load?.phasesMs ?? {})) names.add(name);
  return [...names];
}

function threadLayers(moments: readonly Moment[]): { name: string; read: Read }[] {
  const found = new Set<string>();
  for (const { sample } of moments) for (const { name } of sample?.gateway?.units ?? []) found.add(name);
  if (found.size === 0) return [];
  const all = [...found].sort((a, b) => Number(b === 'main') - Number(a === 'main') || a.localeCompare(b, 'en', { numeric: true }));
  const shown = all.slice(0, THREADS_SHOWN);
  const cpuOf = (sample: LiveSample, name: string) => sample.gateway?.units.find((unit) => unit.name === name)?.cpu ?? 0;
  const layers = shown.map((name) => ({ name, read: (sample: LiveSample) => (sample.gateway ? cpuOf(sample, name) : null) }));
  // Threads of Node's own: collecting garbage, compiling, files.
  const rest = ({ gateway }: LiveSample, taken: number) => (gateway ? Math.max(0, gateway.cpu - taken) : null);
  const sum = (sample: LiveSample) => shown.reduce((total, name) => total + cpuOf(sample, name), 0);
  return [...layers, { name: 'rest of the process', read: (sample) => rest(sample, sum(sample)) }];
}

/** The top of each layer: its values on those below. Where nothing is known, nothing is drawn. */
export function stacked(lines: readonly Line[]): (number | null)[][] {
  const tops: (number | null)[][] = [];
  for (const { values } of lines) {
    const below = tops.at(-1);
    tops.push(
      values.map((value, at) => {
        const under = below?.[at] ?? null;
        return value === null ? under : value + (under ?? 0);
      }),
    );
  }
  return tops;
}
