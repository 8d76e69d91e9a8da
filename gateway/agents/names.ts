/** The agents that exist; the configuration may allow fewer. */
export const AGENT_NAMES = ['codex', 'subagent'] as const;
export type AgentName = (typeof AGENT_NAMES)[number];
