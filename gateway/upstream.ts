/** How the configuration's upstream is reached, as options of a client. */
import type { ClientOptions } from '../transports/wire.ts';
import type { GatewayConfig } from './config.ts';

/** @param parts clients that share the limits: the number of threads, or 1 */
export function upstreamOptions(upstream: GatewayConfig['upstream'], parts: number): ClientOptions {
  const { transport, envelope, connection, streamsPerConnection, connectTimeoutMs, replyTimeoutMs, messageBytesMax, compression } =
    upstream;
  const url = new URL(upstream.url);
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  const ca = upstream.tls?.caFile;
  const headers = Object.fromEntries(Object.entries(upstream.headers).map(([name, value]) => [name, value.reveal()]));
  if (upstream.apiKey) headers.authorization = `Bearer ${upstream.apiKey.reveal()}`;
  return {
    leg: { transport, envelope, connection },
    // A URL writes IPv6 addresses in brackets, sockets do not.
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    ...(secure ? { tls: ca === undefined ? {} : { ca } } : {}),
    ...(url.pathname === '/' ? {} : { path: url.pathname }),
    headers,
    keep: 'pool',
    connectionsMax: Math.floor(upstream.connectionsMax / parts),
    waitingMax: Math.floor(upstream.waitingMax / parts),
    streamsPerConnection,
    connectTimeoutMs,
    replyTimeoutMs,
    messageBytesMax,
    compression,
  };
}
