/** Gathers what the checklist judges: asks the gateway, tries its port and the token, reads its log. */
import { effectiveCores } from '../../host/cores.ts';
import type { AdminClient, GatewayStatus, GatewayThreads } from './admin-client.ts';
import type { Facts, Handshake, LoggedErrors } from './checks.ts';
import { type Place, placeOf, tryHandshake, tryPort } from './handshake.ts';
import { linesOf, logFilesOf, sizesOf } from './log-files.ts';
import { LEVELS, readLogLine, stackOf } from './log-lines.ts';

/** Between two looks at the threads. */
const LOOK_MS = 1_000;

export interface FactOptions {
  /** Environment variable that holds a token to try. */
  tokenVariable: string;
  token: string | undefined;
  lookMs?: number;
}

export async function gatherFacts(client: AdminClient, { tokenVariable, token, lookMs = LOOK_MS }: FactOptions): Promise<Facts> {
  const status = await client.status();
  const about = { adminPort: client.port, status, tokenVariable, cores: effectiveCores() };
  if (!status.ok) return { ...about, connectProblem: undefined, handshake: { kind: 'untried' }, threads: undefined, errors: undefined };
  const { config, port } = status.value;
  const place = placeOf(config.gateway.host, port ?? 0, config.gateway.tls !== undefined);
  const [connectProblem, handshake, threads, errors] = await Promise.all([
    tryPort(place),
    handshakeOf(status.value, place, token),
    lookTwice(client, lookMs),
    loggedErrors(status.value),
  ]);
  return { ...about, connectProblem, handshake, threads, errors };
}

async function handshakeOf({ config: { auth } }: GatewayStatus, place: Place, token: string | undefined): Promise<Handshake> {
  const isOn = auth.tokens.length > 0 || auth.tokensFile !== undefined;
  return isOn && token === undefined ? { kind: 'untried' } : tryHandshake(place, token);
}

async function lookTwice(client: AdminClient, lookMs: number): Promise<readonly [GatewayThreads, GatewayThreads] | undefined> {
  const before = await client.threads();
  await new Promise((resolve) => setTimeout(resolve, lookMs));
  const after = await client.threads();
  return before.ok && after.ok ? [before.value, after.value] : undefined;
}

/** Of this run of the gateway: the files may hold earlier ones. */
async function loggedErrors({ pid, startedAt, log: { file } }: GatewayStatus): Promise<LoggedErrors | undefined> {
  if (file === null) return undefined;
  const found: LoggedErrors = { count: 0, last: undefined };
  try {
    for await (const text of linesOf(sizesOf(logFilesOf(file)))) {
      // Cheaper than to parse what is no error.
      if (!text.includes('"stack"')) continue;
      const line = readLogLine(text);
      const stack = stackOf(line);
      if (line.level === undefined || line.level < LEVELS.error || stack === undefined) continue;
      if (line.fields.pid !== pid || String(line.fields.time) < startedAt) continue;
      found.count += 1;
      [found.last] = stack.split('\n');
    }
  } catch {
    // Its owner's alone, and that is somebody else.
    return undefined;
  }
  return found;
}
