/** Where agents run. */
import type { Handler } from '../../transports/contract.ts';

export interface Execution {
  readonly handler: Handler;
  close(): Promise<void>;
}
