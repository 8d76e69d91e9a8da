import { describe, expect, it } from 'vitest';
import type { SessionData } from '../agents/agent.ts';
import type { ToHost } from './messages.ts';
import { RelayedCommands } from './relayed-commands.ts';
import { drivenCommands } from './testing/services.ts';

const SESSION: SessionData = { key: 's', env: {}, state: {}, workspace: '/workspaces/s' };
const REQUEST = { words: ['ls'], workspace: '/workspaces/s', env: {} };
const LIMIT = 256 * 1024;

function relayed() {
  const posted: ToHost[] = [];
  const { start, commands } = drivenCommands();
  const relay = new RelayedCommands(start, (message) => posted.push(message));
  const output = (length: number) => commands[0]!.emit({ type: 'output', stream: 'stdout', text: 'x'.repeat(length) });
  return { relay, posted, commands, output };
}

describe('the commands of a unit', () => {
  it('are refused in a folder that is not that of the turn’s session, and without such a turn', () => {
    const { relay, posted, commands } = relayed();
    relay.start(1, 7, SESSION, { ...REQUEST, workspace: '/workspaces/other' });
    relay.start(2, 8, undefined, REQUEST);
    expect(posted).toMatchObject([
      { command: 1, event: { type: 'ended', result: { kind: 'refused' } } },
      { command: 2, event: { type: 'ended', result: { kind: 'refused' } } },
    ]);
    expect(commands).toEqual([]);
  });

  it('have the variables of the turn’s session, whatever the unit says', () => {
    const { relay, commands } = relayed();
    relay.start(1, 7, { ...SESSION, env: { OWN: '1' } }, { ...REQUEST, env: { OWN: '2', OTHER: '3' } });
    expect(commands[0]!.request.env).toEqual({ OWN: '1' });
  });

  it('are held back when more than a bounded amount of their output is not taken yet: at the bound not, beyond it', () => {
    const { relay, commands, output } = relayed();
    relay.start(1, 7, SESSION, REQUEST);
    output(LIMIT);
    expect(commands[0]!.paused).toBe(false);
    output(1);
    expect(commands[0]!.paused).toBe(true);
    relay.taken(1, 1);
    expect(commands[0]!.paused).toBe(false);
  });

  it('stay held back by their agent when their output has been taken, and for their output when their agent resumes', () => {
    const { relay, commands, output } = relayed();
    relay.start(1, 7, SESSION, REQUEST);
    output(LIMIT + 1);
    relay.control(1, 'pause');
    relay.taken(1, LIMIT + 1);
    expect(commands[0]!.paused).toBe(true);
    relay.control(1, 'resume');
    expect(commands[0]!.paused).toBe(false);
    output(LIMIT + 1);
    relay.control(1, 'pause');
    relay.control(1, 'resume');
    expect(commands[0]!.paused).toBe(true);
  });

  it('end with their turn, and with no other', () => {
    const { relay, commands } = relayed();
    relay.start(1, 7, SESSION, REQUEST);
    relay.start(2, 8, SESSION, REQUEST);
    relay.endOf(7);
    relay.endOf(7);
    expect(commands.map(({ cancels }) => cancels)).toEqual([1, 0]);
    relay.control(2, 'cancel');
    relay.control(2, 'cancel');
    relay.endOf(8);
    expect(commands.map(({ cancels }) => cancels)).toEqual([1, 1]);
  });

  it('are unknown by any other number', () => {
    const { relay, posted } = relayed();
    relay.control(3, 'cancel');
    relay.taken(3, 1);
    expect(posted).toEqual([]);
  });
});
