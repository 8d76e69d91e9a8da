/** The tools that agents can be granted. */
import { TOOL_NAMES, type ToolName } from '../names.ts';
import { compute } from './compute.ts';
import { exec } from './exec.ts';
import { listFiles } from './list-files.ts';
import { readFileTool } from './read-file.ts';
import type { Tool } from './tool.ts';
import { workOnFiles } from './work-on-files.ts';
import { writeFileTool } from './write-file.ts';

const TOOLS: Readonly<Record<ToolName, Tool>> = {
  exec,
  read_file: readFileTool,
  write_file: writeFileTool,
  list_files: listFiles,
  compute,
  work_on_files: workOnFiles,
};

/** In the order of their list, whatever the order and number in which they are granted. */
export function grantedTools(names: readonly ToolName[]): ReadonlyMap<string, Tool> {
  return new Map(TOOL_NAMES.filter((name) => names.includes(name)).map((name) => [name, TOOLS[name]]));
}
