import type { Scenario } from '../bench/scenario.ts';

const INLINE = 'sse/chat/kept>sse/chat/kept/full/inline';
const THREAD = 'sse/chat/kept>sse/chat/kept/full/thread';
const WEBSOCKET = 'websocket/responses/kept>sse/chat/kept/full/thread';

/**
 * What becomes of a gateway that is offered twice what it can do, and how soon is it itself again?
 *
 * Each turn computes for 10 ms, so one thread's capacity is known by construction: some 90 turns a second, whatever the
 * machine. Four turns at once have a place in it, sixteen may wait, and what comes beyond is refused: expected here, and
 * no fault of the trial. First the peak is measured, by eight users in a closed loop, who keep every place taken and are
 * never refused. Then half of it is offered, twice of it, and half again. Of what is let in none should wait longer than
 * the queue is long (a quarter of a second), goodput should stay at the peak, and all should be as before soon after.
 * Inline there is no queue to bound: nothing is refused, everybody waits, and the backlog is worked off at half the peak.
 */
export const overload: Scenario = {
  name: 'overload',
  asks: 'What becomes of a gateway that is offered twice what it can do, and how soon is it itself again?',
  why: 'One thread that computes 10 ms a turn, with a bounded queue: half of its measured peak is offered, then twice the peak, then half again. Refusals are expected; goodput, the wait of those let in and the time to recover are what counts. Inline has no bound and shows what a backlog does.',
  arms: [INLINE, THREAD, WEBSOCKET],
  pairs: [
    [INLINE, THREAD],
    [THREAD, WEBSOCKET],
  ],
  measures: ['goodputShare', 'refusedShare', 'admittedTurn', 'admittedTurn.p90', 'recovery', 'peak'],
  model: { profile: 'fixed', ttftMs: 5, tpotMs: 1, jitter: 'off', stalls: 'off', computeMs: 10 },
  workload: {
    agent: 'codex',
    turnsPerSession: 1,
    thinkMs: { kind: 'fixed', value: 0 },
    inputTokens: { kind: 'fixed', value: 20 },
    outputTokens: { kind: 'fixed', value: 5 },
    history: 'full',
    phases: false,
  },
  gateway: { compute: true, threadsMax: 1, turnsPerThread: 4, queueSize: 16 },
  plan: { kind: 'overload', usersAtPeak: 8, easy: 0.5, heavy: 2, before: 0.16, during: 0.2 },
  quick: { launches: 7, trialsPerLaunch: 1, warmupMs: 500, measureMs: 5_000, drainMs: 1_500 },
  full: { launches: 10, trialsPerLaunch: 1, warmupMs: 1_000, measureMs: 20_000, drainMs: 10_000 },
  margin: 0.05,
  keep: 'pool',
};
