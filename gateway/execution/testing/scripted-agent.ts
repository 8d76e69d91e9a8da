/**
 * An agent that does what the last message says: the module that tests of threads and processes run. One word for what
 * to do, the rest for what with.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { OVER, type Running, type Sink, type Turn } from '../../../transports/contract.ts';
import { type AgentContext, inference } from '../../agents/agent.ts';

type Act = (what: string, sink: Sink, context: AgentContext, turn: Turn) => Running;

/** Of all turns that this thread or process has had. */
let turns = 0;

const say = (sink: Sink, text: unknown) => {
  sink.push({ type: 'text', text: String(text) }, 0);
  sink.push({ type: 'end', outcome: { kind: 'completed', finish: 'stop' } }, 0);
  return OVER;
};

const cancelled = (sink: Sink, stop: () => void): Running => ({
  resume() {},
  cancel() {
    stop();
    sink.push({ type: 'end', outcome: { kind: 'cancelled' } }, 0);
  },
});

const ACTS: Readonly<Record<string, Act>> = {
  say: (what, sink) => say(sink, what),
  /** What runs it, and how many turns that has had. */
  where: (_what, sink) => say(sink, `${process.pid}/${threadId} ${turns}`),
  env: (_what, sink, { session }) => say(sink, JSON.stringify({ process: process.env, session: session.env, argv: process.argv.length })),
  relay: (_what, sink, { upstream }, turn) => upstream(inference(turn), sink),
  /** Answers after so many milliseconds; ends when it is cancelled. */
  sleep: (what, sink) => {
    const timer = setTimeout(() => say(sink, 'slept'), Number(what));
    return cancelled(sink, () => clearTimeout(timer));
  },
  /** Computes for so many milliseconds, then answers. */
  spin: (what, sink) => {
    const untilMs = performance.now() + Number(what);
    while (performance.now() < untilMs);
    return say(sink, 'spun');
  },
  /** Never ends, whatever it is told. */
  deaf: (_what, sink) => {
    sink.push({ type: 'text', text: 'what?' }, 0);
    setInterval(() => {}, 1_000);
    return OVER;
  },
  /** A call that nothing interrupts: opens a pipe, which takes until somebody opens its other end. */
  native: (what, sink) => {
    sink.push({ type: 'text', text: 'going' }, 0);
    setTimeout(() => closeSync(openSync(what, 'r')), 20);
    return OVER;
  },
  crash: (what) => {
    setImmediate(() => {
      throw new Error(what);
    });
    return OVER;
  },
  exit: (what) => process.exit(Number(what)),
  remember: (what, sink, { session, remember }) => {
    remember({ words: what });
    return say(sink, session.state.words ?? 'nothing');
  },
  /** So many texts of 1,000 characters, as fast as they are taken; says how often it had to wait. */
  flood: (what, sink) => {
    let left = Number(what);
    let waits = 0;
    const go = () => {
      for (; left > 0; left -= 1) {
        if (sink.push({ type: 'text', text: 'x'.repeat(1_000) }, 0)) continue;
        left -= 1;
        waits += 1;
        return;
      }
      say(sink, `waited ${waits}`);
    };
    setImmediate(go);
    return { ...cancelled(sink, () => {}), resume: () => void setImmediate(go) };
  },
  command: (what, sink, { session, startCommand }) => {
    const { workspace, env } = session;
    const command = startCommand({ words: what.split(' '), workspace, env }, (event) => {
      if (event.type === 'output') {
        if (!sink.push({ type: 'text', text: event.text }, 0)) command.pause();
      } else say(sink, ` ${JSON.stringify(event.result)}`);
    });
    return { resume: () => command.resume(), cancel: () => command.cancel() };
  },
  /** Starts a command and ends at once. */
  forgetful: (what, sink, { session, startCommand }) => {
    startCommand({ words: what.split(' '), workspace: session.workspace, env: {} }, () => {});
    return say(sink, 'started');
  },
  /** A process of its own, which outlives it if nobody ends it. */
  grandchild: (_what, sink) => {
    const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
    return say(sink, child.pid);
  },
  /** Writes to the channel of its process itself. */
  babble: (what) => {
    writeSync(3, `${what}\n`);
    return OVER;
  },
  throw: (what) => {
    throw new Error(what);
  },
};

export default function scripted(turn: Turn, sink: Sink, context: AgentContext): Running {
  turns += 1;
  const [name = '', ...rest] = (turn.input.at(-1)?.content ?? '').split(' ');
  const act = ACTS[name];
  if (!act) throw new Error(`no act ${name}`);
  return act(rest.join(' '), sink, context, turn);
}

/** For tests. */
export const url = import.meta.url;
