/** Brings about what otherwise happens when it happens. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Node has it only where it is asked for. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
}
