/** The agents that exist; the configuration may allow fewer. */
export const AGENT_NAMES = ['codex', 'subagent'] as const;
export type AgentName = (typeof AGENT_NAMES)[number];

/** The tools that agents have; the configuration grants them. */
export const TOOL_NAMES = ['exec', 'read_file', 'write_file', 'list_files', 'compute', 'work_on_files'] as const;
export type ToolName = (typeof TOOL_NAMES)[number];
