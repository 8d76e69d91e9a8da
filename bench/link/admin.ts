/** The links' admin port: their figures, and where their connections go. */
import type { Pacing } from '../driver/waiting.ts';
import { type Admin, type AdminReply, failure, processTimes, serveAdminPort, withJson } from '../host/admin-port.ts';
import { parseTargetChange } from './config.ts';
import type { Link, LinkFigures } from './link.ts';

/** What `GET /stats` answers. */
export interface LinkStats {
  pacing: Pacing;
  links: readonly LinkFigures[];
  /** User and system time of the process since its start. */
  cpuUs: number;
  uptimeMs: number;
}

/** Rejects when the port cannot be taken. */
export function serveAdmin(links: readonly Link[], pacing: Pacing, port: number): Promise<Admin> {
  return serveAdminPort(port, (asked, body) => {
    switch (asked) {
      case 'GET /stats':
        return { status: 200, body: stats(links, pacing) };
      case 'POST /target':
        return withJson(body, (value) => setTarget(links, value));
      case 'POST /clear':
        for (const link of links) link.clear();
        return { status: 200, body: {} };
      default:
        return failure(404, 'not_found', 'there are GET /stats, POST /target {"name","target":{"host","port"}} and POST /clear');
    }
  });
}

function stats(links: readonly Link[], pacing: Pacing): LinkStats {
  return { pacing, links: links.map((link) => link.figures()), ...processTimes() };
}

function setTarget(links: readonly Link[], value: unknown): AdminReply {
  const parsed = parseTargetChange(value);
  if ('problems' in parsed) return failure(400, 'invalid_request', parsed.problems.join('; '));
  const { name, target } = parsed.value;
  const link = links.find((one) => one.name === name);
  if (!link) return failure(404, 'not_found', `there is no link of this name; there are ${links.map((one) => one.name).join(', ')}`);
  link.target = target;
  return { status: 200, body: {} };
}
