/** What the dashboards share of a run: how it is chosen above, and what it did when. */
import { metric } from '../catalog.ts';
import { type Matchers, Source } from '../queries.ts';
import type { Frame, Variable } from './frame.ts';

/** A series that every gateway has from its start, for the values of target labels. */
const GATEWAY_SERIES = `${metric('gatebench.gateway.turns.in_flight').prometheus}{}`;

/** Which gateways: of all runs, arms and transports unless chosen. A gateway that no run started has none of these labels. */
export const ANY: Matchers = { run_id: '=~"$run"', arm: '=~"$arm"', transport: '=~"$transport"' };

/** Generator and mock LLM serve all arms of a run. */
export const ANY_RUN: Matchers = { run_id: '=~"$run"' };

export const RUN_VARIABLES: readonly Variable[] = [
  { name: 'run', label: 'Run', description: 'Runs of gatebench', values: { of: GATEWAY_SERIES, label: 'run_id' }, multi: true },
  {
    name: 'transport',
    label: 'Transport',
    description: 'Between client and gateway, of the arm',
    values: { of: GATEWAY_SERIES.replace('{}', '{run_id=~"$run"}'), label: 'transport' },
    multi: true,
  },
  {
    name: 'arm',
    label: 'Arm',
    description: 'Arms of these runs',
    values: { of: GATEWAY_SERIES.replace('{}', '{run_id=~"$run",transport=~"$transport"}'), label: 'arm' },
    multi: true,
  },
];

/** One of two that are compared: `A` or `B`. */
export function sideVariables(side: 'a' | 'b'): Variable[] {
  const [run, transport] = [`$run_${side}`, `$transport_${side}`];
  const called = side.toUpperCase();
  return [
    {
      name: `run_${side}`,
      label: `${called}: run`,
      description: `Of side ${called}`,
      values: { of: GATEWAY_SERIES, label: 'run_id' },
      multi: true,
    },
    {
      name: `transport_${side}`,
      label: 'transport',
      description: `Between client and gateway, of side ${called}`,
      values: { of: GATEWAY_SERIES.replace('{}', `{run_id=~"${run}"}`), label: 'transport' },
      multi: true,
    },
    {
      name: `arm_${side}`,
      label: 'arm',
      description: `Of side ${called}`,
      values: { of: GATEWAY_SERIES.replace('{}', `{run_id=~"${run}",transport=~"${transport}"}`), label: 'arm' },
      multi: true,
    },
  ];
}

/** Annotations are not given `$__rate_interval`. */
const ANNOTATION_WINDOW = '30s';

export function runPhases(matchers: Matchers): Frame['annotations'] {
  const generator = new Source('generator', matchers, ANNOTATION_WINDOW);
  const gateway = new Source('gateway', matchers, ANNOTATION_WINDOW);
  const there = ({ expr, metrics }: ReturnType<Source['rate']>) => ({ expr: `(${expr}) > 0`, metrics });
  return [
    {
      name: 'Load under way',
      query: there(generator.level('sum', 'gatebench.generator.turns.in_flight', { by: ['run_id'] })),
      title: 'Load under way',
      text: 'Warm-up, measured window and drain of the trials of run {{run_id}}',
      color: 'super-light-blue',
    },
    {
      name: 'Measured',
      query: there(generator.rate('gatebench.generator.turns.offered', { by: ['run_id'], where: { role: '="measured"' } })),
      title: 'Measured',
      text: 'Measured window of a trial of run {{run_id}}',
      color: 'green',
    },
    {
      name: 'Gateway drains',
      query: there(gateway.level('max', 'gatebench.gateway.draining', { by: ['instance', 'arm'] })),
      title: 'Gateway drains',
      text: '{{instance}} {{arm}} takes no more turns and ends those that it has',
      color: 'orange',
    },
  ];
}
