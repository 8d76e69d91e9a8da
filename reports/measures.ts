/**
 * Every measure of a report: its name, its unit, which way is better, and what it is, in a sentence.
 *
 * Names collide in this field (one tool's "ITL" is another's TPOT), so no renderer shows a number without its
 * definition within reach, and all of them take it from here.
 */
import type { Unit } from './report.ts';

export interface Measure {
  name: string;
  title: string;
  unit: Unit;
  /** Which way is better. */
  direction: 'lower' | 'higher';
  /** A distribution over turns or tokens, shown by its quantiles. */
  distribution: boolean;
  /** What is judged: the gateway, or the instrument itself. */
  of: 'target' | 'instrument';
  definition: string;
}

const define = (
  name: string,
  title: string,
  unit: Unit,
  definition: string,
  rest: Partial<Pick<Measure, 'direction' | 'distribution' | 'of'>> = {},
): Measure => ({ name, title, unit, direction: 'lower', distribution: false, of: 'target', definition, ...rest });

const times = { distribution: true } as const;

/** In the order in which tables show them. */
export const MEASURES: readonly Measure[] = [
  define(
    'turn',
    'Turn',
    'ms',
    'From the moment the turn was due to the socket read that brings the last token of content. A turn that starts late because earlier ones are slow is charged for the wait.',
    times,
  ),
  define(
    'ttft',
    'Time to first token',
    'ms',
    'From the moment the turn was due to the socket read that brings the first token of content, stamped before parsing; a chunk that only names a role does not count. Where the whole reply comes at once it equals turn.',
    times,
  ),
  define(
    'tpot',
    'Time per output token',
    'ms',
    'The time between the first and the last token of content, divided by the number of tokens less one; one value a turn. It does not exist where the whole reply comes at once.',
    times,
  ),
  define(
    'interChunk',
    'Gap between chunks',
    'ms',
    'The time between two successive socket reads that bring content. Chunks are not tokens: a read may hold several. It does not exist where the whole reply comes at once.',
    times,
  ),
  define(
    'gatewayAdded',
    'Added by the gateway',
    'ms',
    'For each token, the time the client read it less the time the mock LLM sent it, less the emulated link. Both ends read one clock, so it is measured, not inferred. Below the clock’s resolution it counts as 1 µs.',
    times,
  ),
  define(
    'completionLag',
    'Completion lag',
    'ms',
    'From the mock LLM’s last send, less the emulated link, until the client holds the complete reply. It compares arms that stream with arms that do not.',
    times,
  ),
  define(
    'service',
    'Service time',
    'ms',
    'Like turn, but counted from the actual start: what a client would see that forgives its own queueing. Shown to let other tools’ numbers be compared; never judged.',
    times,
  ),
  define(
    'concurrency',
    'Concurrent streams',
    'streams',
    'The most streams at once at which the service level holds: completion lag p99 (and, where tokens are streamed, the time added by the gateway p99) within its limit, and errors below theirs.',
    { direction: 'higher' },
  ),
  define(
    'tokenOverhead',
    'Token overhead ÷ wire',
    'fraction',
    'Of all bytes of the reply direction on the raw socket, the share that is not content; content is the text itself in UTF-8, unescaped. TCP and IP headers are not counted.',
  ),
  define(
    'tokenOverheadOfContent',
    'Token overhead ÷ content',
    'fraction',
    'The same bytes that are not content, divided by the content instead of by the whole.',
  ),
  define(
    'bytesPerToken',
    'Bytes per token',
    'B/token',
    'Bytes of the reply direction on the raw socket, divided by the tokens that the mock LLM sent.',
  ),
  define(
    'wireBytes',
    'Bytes per turn',
    'B/turn',
    'Bytes of both directions on the raw socket, handshakes and headers included, divided by the turns.',
  ),
  define(
    'cpuPerToken',
    'CPU per token',
    'us/token',
    'User and system time of the gateway’s process, and of those that its agents run in, in the measured window, divided by the tokens that the mock LLM sent through it meanwhile, at the same offered load for all arms.',
  ),
  define(
    'cpuPerTurn',
    'CPU per turn',
    'ms/turn',
    'User and system time of the gateway’s process, and of those that its agents run in, in the measured window, divided by the replies that ended meanwhile, at the same offered load for all arms.',
  ),
  define(
    'cpuShare',
    'CPU share',
    'fraction',
    'User and system time of the gateway’s process, and of those that its agents run in, divided by wall time × the cores it may use, at the same offered load for all arms.',
  ),
  define(
    'throughput',
    'Throughput',
    '1/s',
    'Completed turns a second in a closed loop, over the whole trial: how much the generator and its target get through together.',
    { direction: 'higher' },
  ),
  define(
    'admittedTurn',
    'Turn during the overload',
    'ms',
    'Like turn, of those turns only that were due during the overload and that the gateway took in and completed.',
    times,
  ),
  define(
    'peak',
    'Peak throughput',
    '1/s',
    'Turns that the gateway completes a second for as many users in a closed loop as keep every slot of it taken, none of them refused.',
    { direction: 'higher' },
  ),
  define(
    'goodputShare',
    'Goodput under overload ÷ peak',
    'fraction',
    'Turns that completed a second during the overload, divided by the peak of the same gateway in the same launch.',
    { direction: 'higher' },
  ),
  define(
    'refusedShare',
    'Refused during the overload',
    'fraction',
    'Of the turns due during the overload, the share that was refused. What offers more than the peak must be refused, or wait.',
  ),
  define(
    'recovery',
    'Recovery time',
    'ms',
    'From the end of the overload to the end of the first tenth of a second whose turns, by their median, take at most 1.5 times what turns took before it, none of them refused or lost, and that begins half a second of such.',
  ),
  define(
    'besideTurn',
    'Turn beside',
    'ms',
    'Like turn, of the heavy turns beside those that are measured: what they wait for the mock LLM, compute, and are held up.',
    times,
  ),
  define('queueWait', 'Queue wait', 'ms', 'Time that turns waited in the gateway for an agent, as the gateway itself measures it.', times),
  define(
    'dispatch',
    'Dispatch',
    'ms',
    'From the gateway’s decision to run a turn in a thread or process to the first step of the turn there, as the gateway itself measures it. Of a launch’s trials the worst.',
    times,
  ),
  define(
    'loopDelay',
    'Event-loop delay',
    'ms',
    'What an event that came at a random moment had to wait for the gateway’s main thread: sampled by a timer every 5 ms, and weighted by time, so that a stall counts for as long as it lasted. Of a launch’s trials the worst.',
    times,
  ),
  define('elu', 'Event-loop utilisation', 'fraction', 'Share of the time in which the gateway’s main thread was not waiting for events.'),
  define('gc', 'Garbage collection', 'fraction', 'Share of the time that the gateway’s process spent collecting garbage.'),
  define('rss', 'Resident memory', 'B', 'Largest resident set of the gateway’s process.'),
  define(
    'runQueueWaitRatio',
    'Run-queue wait ÷ run',
    '1',
    'Time that the gateway’s threads were ready and waited for a core, divided by the time they ran: the clean sign of more threads than cores.',
  ),
  define('involuntarySwitches', 'Involuntary switches', '1/s', 'How often the kernel took the core from one of the gateway’s threads.'),
  define(
    'lateness',
    'Lateness',
    'ms',
    'Actual start less intended start of a turn: it judges the load generator, not the gateway, and makes a trial invalid when it is high.',
    { distribution: true, of: 'instrument' },
  ),
  define(
    'generatorCpuPerToken',
    'Generator CPU per token',
    'us/token',
    'CPU time of the load generator divided by the tokens: what a client pays for the transport.',
    {
      of: 'instrument',
    },
  ),
];

const BY_NAME = new Map(MEASURES.map((measure) => [measure.name, measure]));

export interface MeasureReference {
  name: string;
  /** `p99` of `turn.p99`. */
  quantile: string | undefined;
  /** `undefined` for a measure that this version does not know. */
  measure: Measure | undefined;
}

/** Takes apart what comparisons and thresholds name: `turn`, `turn.p99`, `turn.p99.9`. */
export function referTo(reference: string): MeasureReference {
  const dot = reference.indexOf('.');
  const name = dot === -1 ? reference : reference.slice(0, dot);
  return { name, quantile: dot === -1 ? undefined : reference.slice(dot + 1), measure: BY_NAME.get(name) };
}

/** `turn p99`; a distribution without a quantile means its median and says so. */
export function measureLabel(reference: string): string {
  const { name, quantile, measure } = referTo(reference);
  if (quantile !== undefined) return `${name} ${quantile}`;
  return measure?.distribution ? `${name} p50` : name;
}
