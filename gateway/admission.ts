/**
 * Decides whether a turn may run: its agent must be allowed, its model served, and its wish for an execution granted.
 * What passes has both `agent` and `execution` settled, so that nothing after it needs to know the defaults.
 */
import type { Execution, Handler } from '../transports/contract.ts';
import type { AgentName } from './agents/names.ts';
import { refuse } from './outcome.ts';

export interface AdmissionPolicy {
  defaultAgent: AgentName;
  allowedAgents: readonly AgentName[];
  /** Absent: every model passes, and the upstream judges. */
  models?: readonly string[];
  execution: Execution;
  /** What a turn may ask for. */
  executions: readonly Execution[];
}

export function admission(policy: AdmissionPolicy, inner: Handler): Handler {
  const agents: ReadonlySet<string> = new Set(policy.allowedAgents);
  const models = policy.models && new Set(policy.models);
  return (turn, sink) => {
    const { agent = policy.defaultAgent, execution = policy.execution, model } = turn;
    if (!agents.has(agent)) {
      return refuse(sink, { status: 404, code: 'model_not_found', message: `no agent ${quoted(agent)} is allowed`, param: 'agent' });
    }
    if (models && !models.has(model)) {
      return refuse(sink, { status: 404, code: 'model_not_found', message: `no model ${quoted(model)} is served`, param: 'model' });
    }
    if (!policy.executions.includes(execution)) {
      const message = `execution ${quoted(execution)} is not allowed; allowed: ${policy.executions.join(', ')}`;
      return refuse(sink, { status: 400, code: 'execution_not_allowed', message, param: 'execution' });
    }
    return inner({ ...turn, agent, execution }, sink);
  };
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}
