/** The links as a running service: a port for each, one schedule for all, and the admin port. */
import { Alarm } from '../driver/alarm.ts';
import { type Pacing, Spinning, Yielding } from '../driver/waiting.ts';
import type { Admin } from '../host/admin-port.ts';
import { serveAdmin } from './admin.ts';
import type { LinksConfig } from './config.ts';
import { Link } from './link.ts';
import { Schedule } from './schedule.ts';

export interface LinkService {
  readonly ports: { readonly admin: number; readonly links: Readonly<Record<string, number>> };
  /** Cuts everything. */
  close(): Promise<void>;
}

/** How often a process that shares its core lets itself be woken, at most. */
const COALESCE_NS = 300_000;

/** Rejects when a port cannot be taken. */
export async function startService(config: LinksConfig, pacing: Pacing): Promise<LinkService> {
  const alarm = pacing === 'yielding' ? await Alarm.open() : undefined;
  const schedule = new Schedule(alarm ? new Yielding(alarm) : new Spinning(), alarm ? COALESCE_NS : 0);
  const links: Link[] = [];
  let admin: Admin | undefined;
  const close = async () => {
    schedule.stop();
    await Promise.all([...links.map((link) => link.close()), admin?.close(), alarm?.close()]);
  };
  try {
    for (const settings of config.links) links.push(await Link.open(settings, config.connectionsMax, schedule));
    admin = await serveAdmin(links, pacing, config.admin);
  } catch (error) {
    await close();
    throw error;
  }
  return { ports: { admin: admin.port, links: Object.fromEntries(links.map(({ name, port }) => [name, port])) }, close };
}
