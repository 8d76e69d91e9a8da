/**
 * What somebody should be told: of the gateway, of a run whose figures cannot be used, and of telemetry that lost
 * something. Each names its limit, which the dashboards draw as well. `alerts.test.yml` shows each firing, and silent.
 */
import type { MetricNames } from '../catalog.ts';
import { type Query, Source } from '../queries.ts';

export interface Alert {
  name: string;
  expr: string;
  /** How long it must hold, as Prometheus writes it. */
  forTime: string;
  severity: 'critical' | 'warning';
  summary: string;
  description: string;
}

const WINDOW = '1m';
/** Of things that happen once: long enough to be seen. */
const EVENT_WINDOW = '5m';

const WHOSE = ['job', 'instance', 'run_id', 'arm', 'transport'] as const;
const gateway = new Source('gateway', {}, WINDOW);
const generator = new Source('generator', {}, WINDOW);
const any = new Source('any', {}, EVENT_WINDOW);

const share = ({ expr: part }: Query, { expr: whole }: Query) => `(${part}) / ((${whole}) > 0)`;
const bad = (outcomes: string) =>
  share(
    gateway.rate('gatebench.gateway.turns', { by: WHOSE, where: { outcome: `=~"${outcomes}"` } }),
    gateway.rate('gatebench.gateway.turns', { by: WHOSE }),
  );

/**
 * That a counter counted. `increase` alone misses the first time, when the series appears with its first count: it
 * compares samples, and there is none before.
 */
function counted(source: Source, name: MetricNames<'counter'>, by: readonly string[], where = {}): string {
  const { expr } = source.increase(name, { by, where });
  const { selector } = source.select(name, where);
  return `(${expr}) > 0 or sum by (${by.map((label) => label.replaceAll('.', '_')).join(', ')}) (${selector} unless ${selector} offset ${EVENT_WINDOW}) > 0`;
}

/** Of all turns those that waited longer than 100 ms for a thread. Turns that did not have to wait have no such phase. */
function waiting(): string {
  const options = { by: WHOSE, where: { phase: '="queue"' } };
  const waited = gateway.count('gatebench.gateway.turn.phase.duration', options).expr;
  const shortly = gateway.atMost(0.1, 'gatebench.gateway.turn.phase.duration', options).expr;
  const all = gateway.count('gatebench.gateway.turn.duration', { by: WHOSE }).expr;
  return `((${waited}) - (${shortly})) / ((${all}) > 0)`;
}

export const ALERTS: readonly Alert[] = [
  {
    name: 'GatewayDown',
    expr: 'up{job="gateway"} == 0',
    forTime: '30s',
    severity: 'critical',
    summary: 'No metrics from the gateway {{ $labels.instance }}',
    description: 'It could not be read for 30 s: it has ended, hangs, or its metrics are off.',
  },
  {
    name: 'TurnsFail',
    expr: `${bad('failed|timedOut')} > 0.01`,
    forTime: '1m',
    severity: 'critical',
    summary: '{{ $value | humanizePercentage }} of the turns at {{ $labels.instance }} fail',
    description: 'More than 1 % of all turns failed or timed out for a minute. The panel Errors by code says why.',
  },
  {
    name: 'TurnsRefused',
    expr: `${bad('refused')} > 0.05`,
    forTime: '1m',
    severity: 'warning',
    summary: '{{ $value | humanizePercentage }} of the turns at {{ $labels.instance }} are refused',
    description: 'More than 5 % of all turns were refused for a minute: a limit is too low for the load, or the load too high.',
  },
  {
    name: 'TurnsWaitForThreads',
    expr: `${waiting()} > 0.01`,
    forTime: '1m',
    severity: 'warning',
    summary: '{{ $value | humanizePercentage }} of the turns at {{ $labels.instance }} wait long for a thread',
    description: 'More than 1 % of all turns were more than 100 ms in the phase queue, for a minute: too few threads, or too few cores.',
  },
  {
    name: 'ThreadsShareCores',
    expr: 'instance:gatebench_gateway_thread_run_queue_wait:ratio1m > 0.5',
    forTime: '1m',
    severity: 'warning',
    summary: 'Threads of {{ $labels.instance }} wait for cores',
    description: 'For a minute they waited for a core more than half as long as they ran: too many threads, or something else runs here.',
  },
  {
    name: 'ThreadsDie',
    expr: counted(new Source('gateway', {}, EVENT_WINDOW), 'gatebench.gateway.pool.unit.events', [...WHOSE, 'kind', 'event'], {
      event: '=~"died|killed"',
    }),
    forTime: '0s',
    severity: 'critical',
    summary: 'A {{ $labels.kind }} of {{ $labels.instance }} was lost: {{ $labels.event }}',
    description: 'It ended with turns in it, or had to be ended. Its turns failed.',
  },
  {
    name: 'EventLoopLate',
    expr: 'instance:gatebench_eventloop_delay_seconds:p99_1m > 0.05',
    forTime: '1m',
    severity: 'warning',
    summary: 'The main thread of {{ $labels.instance }} answers {{ $value | humanizeDuration }} late',
    description: 'The p99 of the delay was above 50 ms for a minute: every token of every turn waits as long. A profile says for what.',
  },
  {
    name: 'MainThreadSaturated',
    expr: `${gateway.rate('nodejs.eventloop.time', { by: WHOSE, where: { 'nodejs.eventloop.state': '="active"' } }).expr} > 0.95`,
    forTime: '1m',
    severity: 'warning',
    summary: 'The main thread of {{ $labels.instance }} has no time left',
    description: 'It was at work more than 95 % of a minute: this is the most that this gateway carries.',
  },
  {
    name: 'GeneratorLate',
    expr: 'instance:gatebench_generator_lateness_seconds:p99_1m > 0.005',
    forTime: '30s',
    severity: 'warning',
    summary: 'The generator is {{ $value | humanizeDuration }} late',
    description: 'The p99 of its lateness was above 5 ms for 30 s: trials of this time are not valid.',
  },
  {
    name: 'LoadNotReached',
    expr: `${share(
      generator.rate('gatebench.generator.turns.started', { by: WHOSE, where: { role: '="measured"' } }),
      generator.rate('gatebench.generator.turns.offered', { by: WHOSE, where: { role: '="measured"' } }),
    )} < 0.99`,
    forTime: '30s',
    severity: 'warning',
    summary: 'Only {{ $value | humanizePercentage }} of the turns that were due were sent',
    description:
      'Below 99 % for 30 s: the generator or its cap on turns in flight gave out before the gateway; these trials are not valid.',
  },
  {
    name: 'MockLlmLate',
    expr: 'instance:gatebench_upstream_lateness_seconds:p99_1m > 0.005',
    forTime: '30s',
    severity: 'warning',
    summary: 'The mock LLM is {{ $value | humanizeDuration }} late',
    description: 'The p99 of the lateness of its tokens was above 5 ms for 30 s: latencies of this time are partly its own.',
  },
  {
    name: 'SpansLost',
    expr: counted(new Source('gateway', {}, EVENT_WINDOW), 'gatebench.telemetry.spans.lost', [...WHOSE, 'reason']),
    forTime: '0s',
    severity: 'warning',
    summary: '{{ $labels.instance }} lost spans: {{ $labels.reason }}',
    description: 'Traces are not complete, and the trace section of the report is void. Sample less, or give the collector more room.',
  },
  {
    name: 'LabelOverflow',
    expr: counted(any, 'gatebench.telemetry.label_overflow', [...WHOSE, 'label']),
    forTime: '0s',
    severity: 'warning',
    summary: 'More values than its bound for the label {{ $labels.label }} at {{ $labels.instance }}',
    description: 'What is beyond is counted as other. Either the bound is too low, or somebody sends values made up to exceed it.',
  },
  {
    name: 'ExportFails',
    expr: counted(any, 'gatebench.telemetry.export.failures', [...WHOSE, 'signal']),
    forTime: '1m',
    severity: 'warning',
    summary: 'The collector does not take the {{ $labels.signal }} of {{ $labels.instance }}',
    description: 'Exports by OTLP fail: it is down, slow, or refuses. No turn waits for it, but what was exported is lost.',
  },
  {
    name: 'ObserverDefect',
    expr: counted(new Source('gateway', {}, EVENT_WINDOW), 'gatebench.telemetry.observer.errors', WHOSE),
    forTime: '0s',
    severity: 'warning',
    summary: 'What watches turns at {{ $labels.instance }} has a defect',
    description: 'An observer threw. No turn was harmed, but metrics or traces lack something; the log has the error.',
  },
];
