/** Finds the gateway, and its log, that a command is about: by port, by configuration, or where they are by default. */
import { type Flag, readNumber, type Words } from '../flags.ts';
import { AdminClient } from './admin-client.ts';
import { DEFAULT_ADMIN_PORT, DEFAULT_FILE } from './defaults.ts';
import { readGatewayFile } from './gateway-file.ts';

export const LOCATION_FLAGS: readonly Flag[] = [
  { name: 'admin', takes: 'PORT', help: `the gateway’s admin port (${DEFAULT_ADMIN_PORT})` },
  { name: 'config', takes: 'FILE', help: 'its configuration, which says where it is' },
];

export interface Location {
  adminPort?: number;
  configFile?: string;
}

/** What the words say; problems go to theirs. */
export function readLocation(words: Words): Location {
  const adminPort = readNumber(words, 'admin', { min: 1, max: 65_535, integer: true });
  const configFile = words.values.get('config')?.[0];
  if (words.values.has('admin') && configFile !== undefined) words.problems.push('--admin and --config exclude each other');
  return { ...(adminPort === undefined ? {} : { adminPort }), ...(configFile === undefined ? {} : { configFile }) };
}

export type Found<T> = { ok: true; value: T } | { ok: false; problem: string };

/** The admin port of the gateway that is meant. */
export function findAdminPort({ adminPort, configFile }: Location): Found<number> {
  if (adminPort !== undefined) return { ok: true, value: adminPort };
  if (configFile === undefined) return { ok: true, value: DEFAULT_ADMIN_PORT };
  const read = readGatewayFile(configFile);
  if (!read.ok) return { ok: false, problem: read.problem };
  if (read.file.adminPort !== 0) return { ok: true, value: read.file.adminPort };
  return {
    ok: false,
    problem: `gateway.adminPort is 0 in ${configFile}, so the gateway took a free port: give it by --admin PORT (the gateway's first line has it)`,
  };
}

/** The file that the gateway logs to, as it is configured. */
export async function findLogFile(location: Location): Promise<Found<string>> {
  const { configFile } = location;
  if (configFile !== undefined) return logFileOf(configFile);
  const port = location.adminPort ?? DEFAULT_ADMIN_PORT;
  const asked = await new AdminClient(port).status();
  if (asked.ok) {
    const { file } = asked.value.log;
    return file === null ? { ok: false, problem: `the gateway at admin port ${port} ${LOGS_TO_STDERR}` } : { ok: true, value: file };
  }
  if (location.adminPort !== undefined) return { ok: false, problem: asked.message };
  const read = logFileOf(DEFAULT_FILE);
  if (read.ok || !read.absent) return read;
  return {
    ok: false,
    problem: `no gateway answers at admin port ${port}, and there is no ${DEFAULT_FILE} here; name one: --admin PORT, --config FILE or --file FILE`,
  };
}

const LOGS_TO_STDERR = 'logs to its standard error: look where it was started, or set logging.file in its configuration';

function logFileOf(configFile: string): Found<string> & { absent?: boolean } {
  const read = readGatewayFile(configFile);
  if (!read.ok) return { ok: false, problem: read.problem, absent: read.absent };
  const { logFile } = read.file;
  return logFile === undefined ? { ok: false, problem: `a gateway of ${configFile} ${LOGS_TO_STDERR}` } : { ok: true, value: logFile };
}
