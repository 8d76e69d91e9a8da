/**
 * *Compare*: two runs, transports or arms side by side, chosen as A and B. First what each figure is over the whole time
 * shown, and B ÷ A; runs that were at different times are compared there. Then both over time, then distributions.
 *
 * A difference here is no verdict: a Prometheus has no launches and no intervals. `gatebench compare` judges.
 */
import type { MetricNames } from '../catalog.ts';
import { type Query, ratio, Source, WHOLE_WINDOW } from '../queries.ts';
import type { Frame, Row } from './frame.ts';
import { figures, heat, type Line, lines, type Panel } from './panels.ts';
import { meanSplit } from './rows/phases.ts';
import { runQueueWait } from './rows/pool.ts';
import { badShare } from './rows/red.ts';
import { runPhases, sideVariables } from './run.ts';

type Measure = (side: Source, options: { window?: string }) => Query;

const COLORS = { A: 'blue', B: 'orange' } as const;

const side = (letter: 'a' | 'b') =>
  new Source('gateway', { run_id: `=~"$run_${letter}"`, transport: `=~"$transport_${letter}"`, arm: `=~"$arm_${letter}"` });
const A = side('a');
const B = side('b');

const both = (measure: Measure, options: { window?: string } = {}): Line[] => [
  { query: measure(A, options), legend: 'A', color: COLORS.A },
  { query: measure(B, options), legend: 'B', color: COLORS.B },
];

const quantile =
  (at: number, name: MetricNames<'histogram'>): Measure =>
  (source, options) =>
    source.quantile(at, name, options);

const cpuPer =
  (name: 'gatebench.gateway.turns' | 'gatebench.gateway.tokens', where?: { direction: string }): Measure =>
  (source, options) =>
    ratio(source.rate('process.cpu.time', options), source.rate(name, { ...options, ...(where ? { where } : {}) }));

const OVERALL: readonly { title: string; description: string; unit: string; measure: Measure }[] = [
  {
    title: 'Turns',
    description: 'Turns that ended, each second.',
    unit: 'count:turns/s',
    measure: (source, options) => source.rate('gatebench.gateway.turns', options),
  },
  {
    title: 'Turn, p50',
    description: 'From the read of the request to the end of the reply.',
    unit: 's',
    measure: quantile(0.5, 'gatebench.gateway.turn.duration'),
  },
  {
    title: 'Turn, p99',
    description: 'From the read of the request to the end of the reply.',
    unit: 's',
    measure: quantile(0.99, 'gatebench.gateway.turn.duration'),
  },
  {
    title: 'First token, p99',
    description: "Until the LLM's first content was read.",
    unit: 's',
    measure: quantile(0.99, 'gatebench.gateway.turn.time_to_first_token'),
  },
  {
    title: 'Added by the gateway, p99',
    description: 'Admission, queue, dispatch, agent and serialise of a completed turn together.',
    unit: 's',
    measure: quantile(0.99, 'gatebench.gateway.turn.added.duration'),
  },
  {
    title: 'CPU per token',
    description: "Processor time of the gateway's process ÷ tokens of replies. Comparable at the same offered load only.",
    unit: 's',
    measure: cpuPer('gatebench.gateway.tokens', { direction: '="output"' }),
  },
];

/** Two values, and what B is of A. */
function overall({ title, description, unit, measure }: (typeof OVERALL)[number]): Panel[] {
  const [a, b] = both(measure, { window: WHOLE_WINDOW }) as [Line, Line];
  const times = { query: ratio(b.query, a.query), legend: 'B ÷ A' };
  const whole = `${description} Over the whole time shown.`;
  return [
    figures({ title, description: whole, unit, width: 5, overall: true, lines: [a, b] }),
    figures({ title: 'B ÷ A', description: whole, unit: 'percentunit', width: 3, overall: true, decimals: 0, lines: [times] }),
  ];
}

const overTime: Row = {
  title: 'Over time',
  panels: [
    lines({
      title: 'Turns',
      description: 'Turns that ended, each second.',
      unit: 'count:turns/s',
      width: 8,
      lines: both((source) => source.rate('gatebench.gateway.turns')),
    }),
    lines({
      title: 'Failed, timed out, refused',
      description: 'Their share of all turns that ended.',
      unit: 'percentunit',
      width: 8,
      lines: both((source) => badShare(source)),
    }),
    lines({
      title: 'CPU per turn',
      description: "Processor time of the gateway's process ÷ turns. Comparable at the same offered load only.",
      unit: 's',
      width: 8,
      lines: both(cpuPer('gatebench.gateway.turns')),
    }),
    lines({
      title: 'Turn duration, p50 and p99',
      description: 'From the read of the request to the end of the reply. Dots are single turns: each leads to its trace.',
      unit: 's',
      width: 12,
      lines: ([0.5, 0.99] as const).flatMap((at) =>
        both(quantile(at, 'gatebench.gateway.turn.duration')).map((line) => ({
          ...line,
          legend: `${line.legend}, p${at * 100}`,
          exemplar: at === 0.99,
        })),
      ),
    }),
    lines({
      title: 'Added by the gateway, p50 and p99',
      description: 'Admission, queue, dispatch, agent and serialise of a completed turn together.',
      unit: 's',
      width: 12,
      lines: ([0.5, 0.99] as const).flatMap((at) =>
        both(quantile(at, 'gatebench.gateway.turn.added.duration')).map((line) => ({ ...line, legend: `${line.legend}, p${at * 100}` })),
      ),
    }),
    lines({
      title: 'Event loop delay, p99',
      description: 'How long an event that arrives at a random moment waits for the main thread.',
      unit: 's',
      width: 8,
      lines: both(quantile(0.99, 'gatebench.eventloop.delay')),
    }),
    lines({
      title: 'Wait for a core ÷ run time',
      description: 'All threads of the gateway together. Linux only.',
      unit: 'none',
      width: 8,
      lines: both((source) => runQueueWait(source, [])),
    }),
    lines({
      title: 'Memory',
      description: 'Resident memory of the process, and of all such processes where several are chosen.',
      unit: 'bytes',
      width: 8,
      lines: both((source) => source.level('sum', 'process.memory.usage')),
    }),
  ],
};

const DISTRIBUTIONS: readonly { title: string; description: string; name: MetricNames<'histogram'> }[] = [
  { title: 'turn duration', description: 'How many turns took how long.', name: 'gatebench.gateway.turn.duration' },
  {
    title: 'time to first token',
    description: "How many turns waited how long for the LLM's first content.",
    name: 'gatebench.gateway.turn.time_to_first_token',
  },
  {
    title: 'added by the gateway',
    description: 'How many completed turns were held up how long by the gateway itself.',
    name: 'gatebench.gateway.turn.added.duration',
  },
];

const sides = [
  { letter: 'A', source: A },
  { letter: 'B', source: B },
] as const;

const sideBySide: Row = {
  title: 'Side by side: A left, B right',
  panels: [
    ...sides.map(({ letter, source }) =>
      lines({
        title: `${letter}: the mean turn, by phase`,
        description: 'Phases lie one after the other, so that they stack to the mean turn. The band that differs is the cause.',
        unit: 's',
        width: 12,
        stacked: true,
        lines: [{ query: meanSplit(source), legend: '{{phase}}' }],
      }),
    ),
    ...DISTRIBUTIONS.flatMap(({ title, description, name }) =>
      sides.map(({ letter, source }) =>
        heat({ title: `${letter}: ${title}`, description, unit: 's', width: 12, query: source.buckets(name) }),
      ),
    ),
  ],
};

export const COMPARE: Frame = {
  name: 'compare',
  title: 'Compare',
  description: 'Two runs, transports or arms side by side. For a verdict with intervals use `gatebench compare`.',
  variables: [...sideVariables('a'), ...sideVariables('b')],
  annotations: runPhases({ run_id: '=~"$run_a|$run_b"' }),
  rows: [{ title: 'Over the whole time shown', panels: OVERALL.flatMap(overall) }, overTime, sideBySide],
};
