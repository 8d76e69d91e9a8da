import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { describeResult } from './command-result.ts';
import { TOOL_NAMES } from './names.ts';
import { STATE_BYTES_MAX } from './state.ts';
import { grantedTools } from './tools/index.ts';

const guide = readFileSync(fileURLToPath(new URL('../../docs/agents.md', import.meta.url)), 'utf8');

describe('the guide to agents', () => {
  it('has every end of a command as it is written', () => {
    const told = [
      describeResult({ kind: 'exited', status: 3 }).replace('3', 'N'),
      describeResult({ kind: 'signalled', signal: 'SIGNAL' }),
      describeResult({ kind: 'timedOut', afterMs: 5 }).replace('5', 'N'),
      describeResult({ kind: 'refused', message: 'REASON' }),
    ];
    for (const message of told) expect(guide).toContain(`| \`${message}\` |`);
  });

  it.each(TOOL_NAMES)('has the tool %s with its arguments', (name) => {
    const { parameters } = grantedTools([name]).get(name)!.definition;
    const told = Object.keys(parameters.properties).map(
      (argument) => `\`${argument}\`${parameters.required.includes(argument) ? '' : '?'}`,
    );
    expect(guide).toContain(`| \`${name}\` | ${told.join(', ')} |`);
  });

  it('has the bound of what is remembered', () => {
    expect(guide).toContain(`at most ${STATE_BYTES_MAX.toLocaleString('en')} bytes`);
  });
});
