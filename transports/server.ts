/**
 * The server: every transport and envelope on one port.
 *
 * Plain: the first bytes tell HTTP/2 with prior knowledge from HTTP/1.1, WebSocket upgrades come through the latter.
 * TLS: the client chooses by ALPN. Node's own servers do the protocols; this module joins them, holds the
 * limits, and can stop: draining first, cutting what is left after the grace.
 */
import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import {
  createServer as createH2Server,
  createSecureServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { flushPolicy } from './flush.ts';
import { registerMemoryServer } from './memory.ts';
import { Admissions } from './serve/admission.ts';
import { upgradeOf } from './serve/endpoints.ts';
import { onRequest, pathOf } from './serve/requests.ts';
import { numberConnections, type Service } from './serve/turns.ts';
import { onUpgrade } from './serve/upgrades.ts';
import type { ServerConnection } from './serve/websocket-connection.ts';
import { SERVE_LIMITS, type ServeClock, type ServeOptions, type Server } from './wire.ts';

const H2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const HEADERS_BYTES_MAX = 16 * 1024;
/** Longer than clients keep idle connections, so that it is they who close them. */
const KEEP_ALIVE_TIMEOUT_MS = 120_000;

const SYSTEM_CLOCK: ServeClock = Object.freeze({ wallMs: () => Date.now(), monotonicMs: () => performance.now() });

/** Listens. Rejects when the port cannot be taken. */
export async function serve(options: ServeOptions): Promise<Server> {
  const limits = { ...SERVE_LIMITS, ...options.limits };
  const { clock = SYSTEM_CLOCK } = options;
  const service: Service = {
    handler: options.handler,
    options,
    limits,
    flush: flushPolicy(options.flushMs ?? 0),
    admissions: new Admissions(options.admit, limits, clock.monotonicMs),
    clock,
    turns: 0,
    draining: false,
    onIdle: undefined,
    stalled: new Map(),
    peerError: (code, message) => options.onPeerError?.(code, message),
    connectionOf: numberConnections(),
  };
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const websockets = new Set<ServerConnection>();
  const h2Settings = { maxConcurrentStreams: 1_000, initialWindowSize: 256 * 1024 };
  const http1Settings = {
    noDelay: true,
    maxHeaderSize: HEADERS_BYTES_MAX,
    headersTimeout: limits.handshakeTimeoutMs,
    requestTimeout: limits.handshakeTimeoutMs + limits.requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: Math.max(50, Math.min(5_000, limits.handshakeTimeoutMs / 4)),
  };

  const plainH2 = options.tls ? undefined : createH2Server({ settings: h2Settings });
  const front: HttpServer | Http2SecureServer = options.tls
    ? createSecureServer({
        ...http1Settings,
        ...options.tls,
        allowHTTP1: true,
        handshakeTimeout: limits.handshakeTimeoutMs,
        settings: h2Settings,
      })
    : createServer(http1Settings);
  const h2: Http2Server | Http2SecureServer = plainH2 ?? (front as Http2SecureServer);

  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: limits.messageBytesMax,
    perMessageDeflate: options.compression ? { threshold: 0, serverMaxWindowBits: 15 } : false,
    handleProtocols: (protocols, request) =>
      upgradeOf(pathOf(request.url), [...protocols], options.sessions !== undefined)?.subprotocol ?? false,
  });

  front.on('request', (request, response) => onRequest(service, request, response));
  front.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    onUpgrade(service, wss, websockets, request, socket as Socket, head),
  );
  front.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    service.peerError('bad_http', error.message);
    const status =
      error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : error.code === 'HPE_HEADER_OVERFLOW'
          ? '431 Request Header Fields Too Large'
          : '400 Bad Request';
    if (socket.writable && !socket.destroyed) socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    else socket.destroy();
  });
  // An answer cannot be sent where there is no TLS yet, and waiting for it to leave would keep the socket open.
  front.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  h2.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    const unused = setTimeout(() => session.destroy(), limits.handshakeTimeoutMs);
    session.once('stream', () => clearTimeout(unused));
    session.on('close', () => {
      clearTimeout(unused);
      sessions.delete(session);
    });
    session.on('error', (error) => service.peerError('bad_http2', error.message));
  });
  if (plainH2) {
    plainH2.on('request', (request, response) => onRequest(service, request, response));
    sniffing(front as HttpServer, plainH2, limits.handshakeTimeoutMs);
  }
  if (service.admissions.limitsConnections) guarding(front as HttpServer, service);
  (front as HttpServer).on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', (error) => service.peerError('socket_error', error.message));
    socket.on('close', () => sockets.delete(socket));
  });
  front.maxConnections = limits.connectionsMax;

  const timers = [setInterval(() => cutStalled(service), Math.max(20, Math.min(1_000, limits.stallTimeoutMs / 4)))];
  const { keepAliveIntervalMs: keepAliveMs = 0, heartbeatIntervalMs = 0 } = options;
  if (keepAliveMs > 0 && heartbeatIntervalMs <= 0) timers.push(setInterval(() => pingAll(service, websockets), keepAliveMs));
  for (const timer of timers) timer.unref();

  await new Promise<void>((resolve, reject) => {
    front.once('error', reject);
    front.listen(options.port, options.host, () => {
      front.off('error', reject);
      resolve();
    });
  });
  const { port } = front.address() as AddressInfo;
  const unregister = registerMemoryServer(port, service);

  return {
    port,
    counts: () => ({ connections: sockets.size, turns: service.turns }),
    async close(graceMs) {
      service.draining = true;
      unregister();
      const closed = new Promise<void>((resolve) => front.close(() => resolve()));
      for (const connection of websockets) if (connection.idle) connection.close(1001, 'the server is shutting down');
      for (const session of sessions) session.close();
      if ('closeIdleConnections' in front) front.closeIdleConnections();
      await idleOrLate(service, graceMs);
      service.flush.stop();
      for (const timer of timers) clearInterval(timer);
      for (const connection of websockets) connection.close(1001, 'the server is shutting down');
      // The last bytes and close frames leave in this pass; what is still open after that is cut.
      await new Promise((resolve) => setTimeout(resolve, Math.min(20, graceMs)));
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
      wss.close();
      await closed;
    },
  };
}

/** Keeps connections that come too fast from whatever would begin to work on them, a TLS handshake above all. */
function guarding(front: HttpServer, service: Service): void {
  const listeners = front.listeners('connection') as ((socket: Socket) => void)[];
  front.removeAllListeners('connection');
  front.on('connection', (socket: Socket) => {
    if (service.admissions.accept(socket)) {
      for (const listener of listeners) listener.call(front, socket);
      return;
    }
    service.peerError('rate_limited', 'an address went on connecting after it was refused, and was cut off');
    socket.on('error', () => {});
    socket.destroy();
  });
}

/** Sends a plain connection to HTTP/2 or HTTP/1.1 by its first bytes. */
function sniffing(front: HttpServer, plainH2: Http2Server, timeoutMs: number): void {
  const [toHttp1] = front.listeners('connection') as ((socket: Socket) => void)[];
  if (!toHttp1) throw new Error('node:http no longer listens for connections by an event');
  front.removeListener('connection', toHttp1);
  front.on('connection', (socket: Socket) => {
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    const stop = () => {
      clearTimeout(timer);
      socket.off('readable', onReadable);
    };
    socket.once('close', stop);
    let seen: Buffer = Buffer.alloc(0);
    const onReadable = () => {
      const chunk = socket.read() as Buffer | null;
      if (!chunk) return;
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const known = Math.min(seen.length, H2_PREFACE.length);
      const maybeH2 = seen.subarray(0, known).equals(H2_PREFACE.subarray(0, known));
      // "PR" may still become PROPFIND or the preface: wait for the byte that decides.
      if (maybeH2 && known < 4) return;
      stop();
      socket.off('close', stop);
      socket.unshift(seen);
      if (maybeH2) {
        // node:http leaves sockets half open, and a session would then never hear that its client has gone.
        socket.allowHalfOpen = false;
        plainH2.emit('connection', socket);
      } else toHttp1.call(front, socket);
    };
    socket.on('readable', onReadable);
  });
}

function cutStalled(service: Service): void {
  const limitMs = performance.now() - service.limits.stallTimeoutMs;
  for (const { sinceMs, cut } of [...service.stalled.values()]) {
    if (sinceMs > limitMs) continue;
    service.peerError('peer_stalled', `a peer took nothing for ${service.limits.stallTimeoutMs} ms and was disconnected`);
    cut();
  }
}

function pingAll(service: Service, websockets: Set<ServerConnection>): void {
  for (const connection of websockets) {
    if (connection.missedPongs >= 2) {
      service.peerError('keepalive_missed', 'a peer missed two pings and was disconnected');
      connection.cut();
    } else connection.ping();
  }
}

async function idleOrLate(service: Service, graceMs: number): Promise<void> {
  if (service.turns === 0) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, graceMs);
    service.onIdle = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
