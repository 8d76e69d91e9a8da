/**
 * What commands need to know of a gateway's configuration file: where its admin page and its log are. The gateway
 * itself judges the rest of it, when it starts.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { DEFAULT_ADMIN_PORT } from './defaults.ts';

const shape = z.looseObject({
  gateway: z.looseObject({ adminPort: z.int().min(0).max(65_535).default(DEFAULT_ADMIN_PORT) }).prefault({}),
  logging: z.looseObject({ file: z.string().min(1).optional() }).prefault({}),
});

export interface GatewayFile {
  path: string;
  /** 0: the gateway takes a free one. */
  adminPort: number;
  /** Absolute; absent where it logs to its standard error. */
  logFile?: string;
}

export type GatewayFileRead = { ok: true; file: GatewayFile } | { ok: false; absent: boolean; problem: string };

export function readGatewayFile(path: string): GatewayFileRead {
  const problem = (what: string, absent = false): GatewayFileRead => ({ ok: false, absent, problem: `${path} ${what}` });
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return problem(`cannot be read (${code})`, code === 'ENOENT');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message would quote a file that may hold secrets.
    return problem('is not JSON');
  }
  const checked = shape.safeParse(value);
  if (!checked.success) {
    const places = checked.error.issues.map((issue) => issue.path.map(String).join('.') || 'it');
    return problem(`is no configuration of a gateway: see ${places.join(', ')}`);
  }
  const { gateway, logging } = checked.data;
  return {
    ok: true,
    file: {
      path,
      adminPort: gateway.adminPort,
      ...(logging.file === undefined ? {} : { logFile: resolve(dirname(path), logging.file) }),
    },
  };
}
