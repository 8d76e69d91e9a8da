/** What commands assume of a gateway unless they are told otherwise. They load nothing for it, so that `--help` is quick. */
import { EXECUTIONS } from '../../../transports/contract.ts';

export const DEFAULT_ADMIN_PORT = 18_790;

/** What the gateway's configuration is called, and looked for in the current folder. */
export const DEFAULT_FILE = 'openclaw.json';

/** Where agents run; `thread-bound` is `thread` by the name that says what threads are for. */
export const MODES: readonly string[] = [...EXECUTIONS, 'thread-bound'];
