/**
 * An agent answers a turn by one or more inferences, and later by tools and work of its own. What it needs comes in
 * its context, so that the same agent runs on the main thread and in a worker.
 */
import type { Handler, Running, Sink, Turn } from '../../transports/contract.ts';

export interface AgentContext {
  /** One inference of the LLM. */
  readonly upstream: Handler;
}

export type Agent = (turn: Turn, sink: Sink, context: AgentContext) => Running;

/** The turn as the LLM gets it: what concerns the gateway alone stays here. */
export function inference({ agent: _a, execution: _e, env: _v, session: _s, traceparent: _t, ...turn }: Turn): Turn {
  return { ...turn, want: { phases: false } };
}
