import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../transports/contract.ts';
import { type CommandEnd, commandEndOf, exitStatusOf } from './command-end.ts';
import { programsFor } from './private-gateway.ts';

const failed = (message: string): Outcome => ({ kind: 'failed', code: 'agent_error', message });

describe('the end of a command', () => {
  it.each<[Outcome, CommandEnd, number]>([
    [{ kind: 'completed', finish: 'stop' }, { kind: 'exited', status: 0 }, 0],
    [failed('command exited with status 3'), { kind: 'exited', status: 3 }, 3],
    [failed('command exited with status 255'), { kind: 'exited', status: 255 }, 255],
    [failed('command killed by SIGKILL'), { kind: 'signalled', signal: 'SIGKILL' }, 137],
    [failed('command killed by SIGSEGV'), { kind: 'signalled', signal: 'SIGSEGV' }, 139],
    [failed('command timed out after 500 ms'), { kind: 'timedOut', afterMs: 500 }, 124],
    [failed('command refused: no\nsuch program'), { kind: 'refused', message: 'no\nsuch program' }, 126],
    [{ kind: 'cancelled' }, { kind: 'cancelled' }, 130],
    [failed('the agent threw'), { kind: 'failed', message: 'agent_error: the agent threw' }, 1],
    [failed('a command exited with status 3'), { kind: 'failed', message: 'agent_error: a command exited with status 3' }, 1],
    [
      { kind: 'failed', code: 'agent_died', message: 'command exited with status 0' },
      { kind: 'failed', message: 'agent_died: command exited with status 0' },
      1,
    ],
    [{ kind: 'timedOut', message: 'the turn took too long' }, { kind: 'failed', message: 'the turn took too long' }, 1],
    [{ kind: 'refused', status: 429, code: 'queue_full', message: 'full' }, { kind: 'failed', message: 'queue_full: full' }, 1],
  ])('%j is %j, status %i', (outcome, end, status) => {
    expect(commandEndOf(outcome)).toEqual(end);
    expect(exitStatusOf(end)).toBe(status);
  });
});

describe('what a command may start', () => {
  const always = ['python3', 'node', './*'];
  it.each([
    ['analyze.py --x 1', [...always, 'analyze.py']],
    ['ls -l', [...always, 'ls']],
    ['  /usr/bin/env x', [...always, '/usr/bin/env']],
    ['"my script.py" x', always],
    ["'make' all", [...always, 'make']],
    ['python3 -c 1', always],
    ['', always],
  ])('%j: %j', (command, programs) => {
    expect(programsFor(command)).toEqual(programs);
  });
});
