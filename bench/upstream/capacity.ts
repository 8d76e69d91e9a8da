/**
 * What this process can do on this machine: how late it is when little is asked, and how many tokens a second it can
 * send with one connection a stream before more than 1 in 100 is over 2 ms late. An instrument that does not know its
 * own ceiling reports it as the gateway's.
 *
 * The reader is a thread of this process, so on one core both share it and the figure is lower than what two cores
 * give; that is then the truth about this machine.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { nowNs } from '../../transports/clock.ts';
import { serve } from '../../transports/server.ts';
import { writeMarker } from '../ledger/rows.ts';
import { type LatenessFigures, latenessFigures } from './admin.ts';
import { READER_URL, type ReaderCommand } from './capacity-reader.ts';
import { Upstream } from './handler.ts';
import type { Pacing } from './pacer.ts';
import { loadText } from './text.ts';

export const LATENESS_P99_US_MAX = 2_000;

export interface Capacity {
  tokensPerSecond: number;
  /** At that rate. */
  lateness: LatenessFigures;
  /** The next step failed; false: the search ended at its largest step, and the capacity is at least this. */
  bounded: boolean;
}

export interface Step {
  streams: number;
  ok: boolean;
  lateness: LatenessFigures;
}

const TOKENS_PER_STREAM_SECOND = 100;
const STEP_TOKENS = 20;
const TTFT_MS = 60;
/** Streams start within the spread of their first tokens, so they emit independently. */
const MODEL = `fast@ttftMs=${TTFT_MS},tpotMs=${1_000 / TOKENS_PER_STREAM_SECOND},chunk=1,stalls=off`;
const STREAMS_MIN = 64;
const STREAMS_MAX = 2_048;
const STEPS_MAX = 5;
const STEP_TIMEOUT_MS = 3_000;

/**
 * Doubles until a step fails, then bisects.
 * @returns the largest step that was good, and whether a larger one was not.
 */
export async function searchSteps(
  probe: (streams: number) => Promise<Step>,
  { min, max, stepsMax }: { min: number; max: number; stepsMax: number },
): Promise<{ best: Step | undefined; failed: Step | undefined }> {
  let best: Step | undefined;
  let failed: Step | undefined;
  let streams = min;
  for (let step = 0; step < stepsMax; step += 1) {
    const result = await probe(streams);
    if (result.ok) best = result;
    else failed = result;
    if (!best) break;
    const next = failed ? Math.round((best.streams + failed.streams) / 2) : Math.min(max, best.streams * 2);
    if (next === best.streams || next === failed?.streams) break;
    streams = next;
  }
  return { best, failed };
}

/** Takes 2 to 4 s. @returns `undefined` when even the smallest step was late. */
export async function measureCapacity(pacing: Pacing): Promise<Capacity | undefined> {
  const upstream = new Upstream({ text: await loadText(), pacing });
  const server = await serve({ host: '127.0.0.1', port: 0, handler: upstream.handler });
  const reader = new Worker(new URL(READER_URL), { workerData: { capacityReader: true }, name: 'capacity reader' });
  try {
    const probe = async (streams: number): Promise<Step> => {
      upstream.ledger.clear();
      reader.postMessage({ port: server.port, streams, model: MODEL, tokens: STEP_TOKENS } satisfies ReaderCommand);
      const [finished] = (await once(reader, 'message', { signal: AbortSignal.timeout(STEP_TIMEOUT_MS) }).catch(() => [0])) as [number];
      const lateness = latenessFigures(upstream.ledger.lateness);
      return { streams, lateness, ok: finished === streams && lateness.p99Us !== null && lateness.p99Us <= LATENESS_P99_US_MAX };
    };
    // The first step pays for compiling; a step that was late once may have met somebody else's burst of work.
    await probe(STREAMS_MIN);
    const twice = async (streams: number) => {
      const first = await probe(streams);
      return first.ok ? first : probe(streams);
    };
    const { best, failed } = await searchSteps(twice, { min: STREAMS_MIN, max: STREAMS_MAX, stepsMax: STEPS_MAX });
    return best && { tokensPerSecond: best.streams * TOKENS_PER_STREAM_SECOND, lateness: best.lateness, bounded: failed !== undefined };
  } finally {
    await reader.terminate();
    await server.close(0);
    upstream.stop();
  }
}

/** Lateness of the scheduler alone, without sockets, at 4,000 tokens a second: 0.4 s. */
export async function measureLateness(pacing: Pacing): Promise<LatenessFigures> {
  const upstream = new Upstream({ text: await loadText(), pacing });
  await Promise.all(Array.from({ length: 20 }, (_, stream) => discard(upstream, `lateness-${stream}`)));
  upstream.stop();
  return latenessFigures(upstream.ledger.lateness);
}

/** Takes one reply to its end, as a server would that writes each event at once. */
function discard(upstream: Upstream, key: string): Promise<void> {
  const content = writeMarker({ key, tokens: 60 });
  return new Promise((resolve) => {
    const running = upstream.handler(
      { key, model: 'fast@ttftMs=20,tpotMs=5,chunk=1,stalls=off', input: [{ role: 'user', content }], want: { phases: false } },
      {
        push(event) {
          if (event.type === 'text') running.written?.(nowNs());
          if (event.type === 'end') resolve();
          return true;
        },
      },
    );
  });
}
