/** The coding agent: relays one inference, whose tool calls are the client's to answer. */
import { type Agent, inference } from './agent.ts';

export const codex: Agent = (turn, sink, { upstream }) => upstream(inference(turn), sink);
