/**
 * An agent that misbehaves as it is told: the last message is the name of a deed, and its argument. What the deeds show
 * is the matter of `containment.test.ts`. `tick` is the one innocent: it says a dot every now and then until it is
 * cancelled, so that a test sees whether it lives.
 */
import { OVER, type Running } from '../../../transports/contract.ts';
import type { Agent } from '../../agents/agent.ts';
import { channel } from './channel.ts';
import { compute } from './compute.ts';
import type { Deed, Scene } from './deed.ts';
import { endings } from './endings.ts';
import { escaping } from './escape.ts';
import { files } from './files.ts';
import { memory } from './memory.ts';
import { reach } from './reach.ts';

const TICK_MS = 20;

const DEEDS: Readonly<Record<string, Deed>> = { ...compute, ...memory, ...files, ...escaping, ...reach, ...channel, ...endings };

const agent: Agent = (turn, sink, context) => {
  const [, name = '', argument = ''] = /^(\S+) ?(.*)$/s.exec(turn.input.at(-1)?.content ?? '') ?? [];
  const scene: Scene = {
    argument,
    turn,
    context,
    sink,
    end: () => void sink.push({ type: 'end', outcome: { kind: 'completed', finish: 'stop' } }, 0),
  };
  if (name === 'tick') return tick(scene);
  const deed = DEEDS[name];
  if (!deed) throw new Error(`no deed ${JSON.stringify(name)}`);
  // At once, and not in a microtask: what is thrown here is thrown by the agent.
  const said = deed(scene);
  const finish = (text: string | undefined) => {
    if (text === undefined) return;
    sink.push({ type: 'text', text }, 0);
    scene.end();
  };
  if (said instanceof Promise) void said.then(finish);
  else finish(said);
  return OVER;
};

function tick({ sink }: Scene): Running {
  const timer = setInterval(() => sink.push({ type: 'text', text: '.' }, 0), TICK_MS);
  return {
    resume() {},
    cancel() {
      clearInterval(timer);
      sink.push({ type: 'end', outcome: { kind: 'cancelled' } }, 0);
    },
  };
}

export default agent;
