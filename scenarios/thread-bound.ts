import type { Scenario } from '../bench/scenario.ts';

const arm = (execution: string, conditions: string) => `websocket/responses/kept>sse/chat/kept/full/${execution}${conditions}`;
const BESIDE = ['@besideUsers=2', '@besideCpu=25,besideUsers=2', '@besideCpu=75,besideUsers=2'] as const;
const ALONE = arm('thread', '');

/**
 * How do light turns fare beside heavy ones that compute, when agents run on the main thread, in threads, or in
 * processes?
 *
 * Light turns of the agent subagent are measured, and what they suffer. Beside them two users keep the agent codex busy
 * with turns of 400 ms, of which nothing, a quarter or three quarters is work of the processor in one piece; the rest
 * waits for the mock LLM. Inline such a piece stops everything: expect loop delays and light turns of hundreds of
 * milliseconds. In threads codex has threads of its own, and the main thread and the light turns are left alone as far as
 * the kernel gives them a core: where gateway and agents have but one, they wait for their turn on it, a few milliseconds
 * each time, and the light turns should stay within twice what they take alone (the first arm). Processes add what their
 * borders cost.
 *
 * Light turns come from users in a closed loop, since a process belongs to a session, and sessions that come and go would
 * measure the start of processes. A user's turn is due its think time after the turn before, so users who wait offer less.
 */
export const threadBound: Scenario = {
  name: 'thread-bound',
  asks: 'How do light turns fare beside heavy ones that compute: inline, in threads, in processes?',
  why: 'Light turns beside two users whose 400 ms turns are 0, 25 or 75 % work of the processor in one piece. Inline, that work stops the main thread and with it everybody; in threads and processes it must not. The first arm is the light turns alone.',
  arms: [ALONE, ...BESIDE.flatMap((beside) => ['inline', 'thread', 'process'].map((execution) => arm(execution, beside)))],
  pairs: [
    ...BESIDE.map((beside) => [ALONE, arm('thread', beside)] as const),
    ...BESIDE.flatMap((beside) => [
      [arm('inline', beside), arm('thread', beside)] as const,
      [arm('thread', beside), arm('process', beside)] as const,
    ]),
  ],
  measures: ['turn', 'turn.p99', 'gatewayAdded.p99', 'loopDelay.p99', 'besideTurn'],
  model: { profile: 'fixed', ttftMs: 10, tpotMs: 2, jitter: 'off', stalls: 'off' },
  workload: {
    agent: 'subagent',
    turnsPerSession: 10_000,
    thinkMs: { kind: 'uniform', min: 0, max: 10 },
    inputTokens: { kind: 'fixed', value: 20 },
    outputTokens: { kind: 'fixed', value: 20 },
    history: 'full',
    phases: false,
  },
  beside: { turnMs: 400, outputTokens: 8 },
  gateway: { compute: true, ownThreads: true, threadsMax: 'cores + 1' },
  plan: { kind: 'load', load: { kind: 'closed', users: 6, spreadMs: 50 } },
  quick: { launches: 7, trialsPerLaunch: 1, warmupMs: 500, measureMs: 2_000, drainMs: 1_000 },
  full: { launches: 10, trialsPerLaunch: 1, warmupMs: 1_000, measureMs: 12_000, drainMs: 6_000 },
  margin: 0.05,
};
