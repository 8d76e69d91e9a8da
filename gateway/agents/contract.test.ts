/** What every turn of an agent with tools keeps to, whatever its upstream, its commands and its client do. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TurnEvent } from '../../transports/contract.ts';
import { COMPLETED, driven } from '../../transports/testing/legs.ts';
import { agents, drivenCommands } from './testing/agents.ts';

const text = fc.constantFrom('', 'a', 'bc').map((said): TurnEvent => ({ type: 'text', text: said }));
const toolCall = fc
  .record({
    index: fc.nat(2),
    name: fc.constantFrom('exec', 'compute', 'theirs', ''),
    args: fc.constantFrom('{"command":"x"}', '{"ms":0}', '{'),
  })
  .map(({ index, name, args }): TurnEvent => ({ type: 'toolCall', index, id: `c${index}`, name, arguments: args }));
const end = fc.constantFrom<TurnEvent>(
  COMPLETED,
  { ...COMPLETED, outcome: { kind: 'completed', finish: 'toolCalls' } },
  { ...COMPLETED, outcome: { kind: 'completed', finish: 'length' } },
  { type: 'end', outcome: { kind: 'failed', code: 'connection_lost', message: 'gone' } },
  { type: 'end', outcome: { kind: 'refused', status: 429, code: 'queue_full', message: 'full' } },
);
const started = fc.constant<TurnEvent>({ type: 'started', responseId: 'r' });

const action = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('say' as const), event: fc.oneof(started, text, text, toolCall, toolCall, end) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('take' as const), takes: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('output' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('finishCommand' as const), status: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resume' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const) }) },
);

it('starts at most once and first, ends exactly once and last, and leaves nothing running', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40 }), fc.boolean(), async (actions, isCommand) => {
      const { handler, turns } = driven();
      const { start, commands } = drivenCommands();
      const { run, errors } = await agents(handler, { codex: { tools: ['exec', 'compute'], toolRoundsMax: 2 }, startCommand: start });
      const { sink, running } = run({ input: [{ role: 'user', content: isCommand ? '!x' : 'x' }] });
      const over = new Set<object>();
      for (const step of actions) {
        const turn = turns.at(-1);
        const command = commands.at(-1);
        switch (step.do) {
          case 'say':
            if (!turn || over.has(turn) || turn.cancels > 0) break;
            if (step.event.type === 'end') over.add(turn);
            turn.sink.push(step.event, 0);
            break;
          case 'take':
            sink.takes = step.takes;
            break;
          case 'output':
            if (command && !over.has(command) && command.cancels === 0) command.say({ type: 'output', stream: 'stdout', text: 'o' });
            break;
          case 'finishCommand':
            if (!command || over.has(command) || command.cancels > 0) break;
            over.add(command);
            command.say({ type: 'ended', result: { kind: 'exited', status: step.status } });
            break;
          case 'wait':
            await new Promise((resolve) => setImmediate(resolve));
            break;
          default:
            running[step.do]();
        }
      }
      sink.takes = true;
      running.cancel();
      await sink.done;
      running.resume();
      running.cancel();
      await new Promise((resolve) => setImmediate(resolve));
      const types = sink.events.map(({ type }) => type);
      expect(types.filter((type) => type === 'end').length).toBe(1);
      expect(types.at(-1)).toBe('end');
      expect(types.lastIndexOf('started')).toBeLessThanOrEqual(0);
      expect(turns.every((turn) => over.has(turn) || turn.cancels > 0)).toBe(true);
      expect(commands.every((command) => over.has(command) || command.cancels > 0)).toBe(true);
      expect(errors).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
