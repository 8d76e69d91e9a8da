/** Which envelope a path, content type or subprotocol selects. */
import type { Envelope } from '../envelope.ts';
import { ENVELOPE_BY_NAME } from '../envelopes/index.ts';

const ALL: readonly Envelope[] = Object.values(ENVELOPE_BY_NAME);

export function isEndpoint(path: string): boolean {
  return ALL.some((envelope) => envelope.path === path);
}

export function envelopeOfRequest(path: string, contentType: string | undefined): Envelope | undefined {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase();
  return ALL.find((envelope) => envelope.path === path && envelope.requestType === type);
}

/** `/` is an alias of the Responses endpoint, so that `wscat -c ws://host:port` connects. */
export function envelopeOfUpgrade(path: string, subprotocols: readonly string[]): Envelope | undefined {
  const wanted = path === '/' ? ENVELOPE_BY_NAME.responses.path : path;
  const there = ALL.filter((envelope) => envelope.path === wanted);
  return (
    there.find((envelope) => envelope.subprotocol !== undefined && subprotocols.includes(envelope.subprotocol)) ??
    there.find((envelope) => envelope.subprotocol === undefined)
  );
}
