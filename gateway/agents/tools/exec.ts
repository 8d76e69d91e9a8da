/** Runs a program in the workspace. What may run is the gateway's to decide, and its answer the tool's result. */
import { splitCommandLine } from '../command-line.ts';
import { describeResult } from '../command-result.ts';
import { runCommand } from '../run-command.ts';
import { integer, text } from './parameters.ts';
import { tool } from './tool.ts';

const LINE_CHARACTERS_MAX = 32_768;
const TIMEOUT_MS_MAX = 24 * 3_600_000;

export const exec = tool(
  'exec',
  'Runs a program in the workspace and returns how it ended and what it wrote. There is no shell: no pipes, no redirections, no variables.',
  {
    required: { command: text('The program and its arguments, as on a command line: `python3 check.py "my file"`.', LINE_CHARACTERS_MAX) },
    optional: { timeoutMs: integer('Milliseconds after which it is killed; the gateway may set less.', 1, TIMEOUT_MS_MAX) },
  },
  async ({ command, timeoutMs }, { session: { workspace, env }, signal, startCommand }) => {
    const split = splitCommandLine(command);
    if (!split.ok) throw new Error(split.problem);
    let output = '';
    const request = { words: split.words, workspace, env, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    const { result, droppedBytes } = await runCommand(startCommand, request, { signal, onOutput: (piece) => (output += piece) });
    const dropped = droppedBytes === 0 ? '' : `\n[${droppedBytes} bytes more of output were dropped]`;
    return `${describeResult(result)}\n${output}${dropped}`;
  },
);
