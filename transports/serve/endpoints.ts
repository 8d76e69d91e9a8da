/** Which envelope a path, content type or subprotocol selects. */
import type { Envelope } from '../envelope.ts';
import { ENVELOPE_BY_NAME } from '../envelopes/index.ts';
import { PLAIN_SUBPROTOCOL, SESSION_SUBPROTOCOL } from '../session/protocol.ts';

const ALL: readonly Envelope[] = Object.values(ENVELOPE_BY_NAME);

export function isEndpoint(path: string): boolean {
  return ALL.some((envelope) => envelope.path === path);
}

export function envelopeOfRequest(path: string, contentType: string | undefined): Envelope | undefined {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase();
  return ALL.find((envelope) => envelope.path === path && envelope.requestType === type);
}

export interface Upgrade {
  envelope: Envelope;
  /** The one selected; `false`: none. */
  subprotocol: string | false;
  /** Messages are signed. */
  session: boolean;
}

/**
 * `/` is an alias of the Responses endpoint, so that `wscat -c ws://host:port` connects.
 * @param sessions whether `gatebench.session.v1` is on offer. It lies around the envelope, which the path and the other
 *   subprotocols choose as without it.
 */
export function upgradeOf(path: string, offered: readonly string[], sessions: boolean): Upgrade | undefined {
  const wanted = path === '/' ? ENVELOPE_BY_NAME.responses.path : path;
  const there = ALL.filter((envelope) => envelope.path === wanted);
  const envelope =
    there.find(({ subprotocol }) => subprotocol !== undefined && offered.includes(subprotocol)) ??
    there.find(({ subprotocol }) => subprotocol === undefined);
  if (!envelope) return undefined;
  const session = sessions && offered.includes(SESSION_SUBPROTOCOL);
  const plain = offered.includes(PLAIN_SUBPROTOCOL) && PLAIN_SUBPROTOCOL;
  return { envelope, session, subprotocol: session ? SESSION_SUBPROTOCOL : (envelope.subprotocol ?? plain) };
}
