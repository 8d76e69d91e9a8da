/** Agents on the main thread, with an upstream client of their own. */
import { connect } from '../../transports/client.ts';
import type { ClientOptions } from '../../transports/wire.ts';
import { type AgentSettings, agentHandler } from '../agents/index.ts';
import type { AgentName } from '../agents/names.ts';
import type { Execution } from './execution.ts';

export function inline(agents: Readonly<Record<AgentName, AgentSettings>>, upstream: ClientOptions): Execution {
  const client = connect(upstream);
  return {
    handler: agentHandler(agents, { upstream: client.handler }),
    close: () => client.close(),
  };
}
