/**
 * A process with a runner of its own, to be killed: starts the shell script that is its second argument, in the folder
 * that is its first and that is to go with it, and hands on what that says.
 */
import { CommandRunner } from '../runner.ts';

const [, , folder = '', script = ''] = process.argv;
const runner = new CommandRunner({
  programs: ['sh'],
  timeoutMs: 60_000,
  outputBytesMax: 1_000,
  concurrentMax: 2,
  owns: () => true,
  temporaryFolder: folder,
  onError: (error) => process.stderr.write(`${error.message}\n`),
});
runner.start({ words: ['sh', '-c', script], workspace: folder, env: {}, outputWhole: true }, (event) => {
  if (event.type === 'output') process.stdout.write(event.text);
});
