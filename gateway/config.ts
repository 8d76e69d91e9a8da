/**
 * The gateway's configuration: `openclaw.json`, parsed once from `unknown` into a frozen value that is complete.
 * Every problem is listed at once.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { Execution } from '../transports/contract.ts';
import { AGENT_NAMES, type AgentName } from './agents/names.ts';
import { type Issue, type ObjectSchema, type Problem, problemsOf, written } from './config/problems.ts';
import { agentConfig, checkRules } from './config/rules.ts';
import { type AgentConfig, type ConfigContext, type Shape, shape } from './config/schema.ts';
import { Secret } from './config/secret.ts';

type Frozen<T> = T extends Secret ? T : T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T;
type ThreadPool = Shape['agents']['threadPool'];

export type GatewayConfig = Frozen<
  Omit<Shape, '$schema' | 'acp' | 'agents'> & {
    acp: { defaultAgent: AgentName; allowedAgents: AgentName[] } & Record<AgentName, AgentConfig>;
    agents: Omit<Shape['agents'], 'threadPool'> & { threadPool: Omit<ThreadPool, 'minThreads'> & { minThreads: number } };
  }
>;

export type ConfigResult = { ok: true; config: GatewayConfig } | { ok: false; problems: readonly Problem[] };

export function parseConfig(input: unknown, context: ConfigContext): ConfigResult {
  const checked = shape(context)
    .superRefine(
      (value, refinement) => {
        const issues = refinement.issues.map(({ path, code, keys }) => ({
          path: path ?? [],
          unknownKey: code === 'unrecognized_keys' && keys !== undefined,
        }));
        checkRules({
          value,
          context,
          sound: (...fields) => fields.every((field) => !issues.some((issue) => !issue.unknownKey && touches(written(issue.path), field))),
          problem: (path, expected, seen) =>
            refinement.addIssue({
              code: 'custom',
              path: [...path],
              message: expected,
              ...(seen === undefined ? {} : { params: { seen } }),
            }),
        });
      },
      // Also where fields have problems of their own: rules look at sound fields only.
      { when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value) },
    )
    .safeParse(input);
  if (checked.success) return { ok: true, config: freeze(complete(checked.data)) };
  return { ok: false, problems: problemsOf(checked.error.issues as Issue[], input, configSchema()) };
}

/** One of the two lies within the other. */
function touches(a: string, b: string): boolean {
  return a === '$' || a === b || a.startsWith(`${b}.`) || a.startsWith(`${b}[`) || b.startsWith(`${a}.`) || b.startsWith(`${a}[`);
}

/** @param options `execution` stands above the file's `agents.execution`, and what depends on that is checked with it. */
export function loadConfig(
  path: string,
  { env, allowFaults, execution }: Omit<ConfigContext, 'folder'> & { execution?: Execution },
): ConfigResult {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    return refused(`${JSON.stringify(path)} (${(error as NodeJS.ErrnoException).code})`, 'a readable configuration file');
  }
  let input: unknown;
  try {
    input = JSON.parse(content);
  } catch (error) {
    return refused(`text that is no JSON${placeOf((error as Error).message, content)}`, 'a JSON object');
  }
  const settled = execution === undefined ? input : withExecution(input, execution);
  return parseConfig(settled, { folder: dirname(resolve(path)), env, allowFaults });
}

/** Whatever is no object stays as it is, for the schema to complain about. */
function withExecution(input: unknown, execution: Execution): unknown {
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(input)) return input;
  const agents = 'agents' in input ? input.agents : {};
  return isObject(agents) ? { ...input, agents: { ...agents, execution } } : input;
}

/** The JSON Schema of the file, for editors: what `--print-schema` prints. Rules between fields are not in it. */
export function configSchema(): ObjectSchema & Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(shape({ folder: '/', env: {}, allowFaults: true }), {
    io: 'input',
    unrepresentable: 'any',
  });
  return { $schema, title: 'openclaw.json', ...schema } as ObjectSchema & Record<string, unknown>;
}

/** Where JSON goes wrong. The parser's message itself quotes the file, which may hold secrets. */
function placeOf(message: string, content: string): string {
  const told = /\(line \d+ column \d+\)/.exec(message)?.[0];
  if (told !== undefined) return ` ${told}`;
  // V8 tells either the place or what stands around it, beginning 10 characters before.
  const quoted = /"(.*)"(\.\.\.)? is not valid JSON$/s.exec(message.replace(/^Unexpected token .*?, /, ''))?.[1];
  const at = quoted === undefined ? -1 : content.indexOf(quoted);
  return at === -1 ? '' : ` (near line ${content.slice(0, at + 10).split('\n').length})`;
}

function refused(seen: string, expected: string): ConfigResult {
  return { ok: false, problems: [{ path: '$', seen, expected }] };
}

function complete({ $schema: _, acp, agents, ...rest }: Shape): GatewayConfig {
  const own = Object.fromEntries(AGENT_NAMES.map((name) => [name, agentConfig(acp, name)])) as Record<AgentName, AgentConfig>;
  const { minThreads = agents.threadPool.maxThreads, ...pool } = agents.threadPool;
  return { ...rest, acp: { ...acp, ...own }, agents: { ...agents, threadPool: { ...pool, minThreads } } };
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Secret) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}
