/**
 * An agent that works for another: it answers in text and has no tools, so that delegating ends with it. A turn that
 * offers tools is refused and not stripped of them, since its caller would wait for calls that never come.
 */
import { refuse } from '../outcome.ts';
import { type Agent, inference } from './agent.ts';

export const subagent: Agent = (turn, sink, { upstream }) => {
  const { tools } = turn.parameters ?? {};
  if (Array.isArray(tools) && tools.length > 0) {
    return refuse(sink, { status: 400, code: 'invalid_request', message: 'the agent subagent takes no tools', param: 'tools' });
  }
  return upstream(inference(turn), sink);
};
