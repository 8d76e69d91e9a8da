/**
 * Tries a token the way a client would: by a handshake. Where the gateway takes no WebSockets, a request has to do.
 * Its certificate is not judged: that this is the gateway is known from its admin page, on this host.
 */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import type { Handshake } from './checks.ts';

const TIMEOUT_MS = 5_000;

export interface Place {
  host: string;
  port: number;
  tls: boolean;
}

/** Where to connect for an address that a server listens on: all of them include loopback. */
export function placeOf(host: string, port: number, tls: boolean): Place {
  if (host === '0.0.0.0') return { host: '127.0.0.1', port, tls };
  return { host: host === '::' ? '::1' : host, port, tls };
}

/** @returns what is wrong, or `undefined` where the port accepts. */
export function tryPort({ host, port }: Place): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS });
    const over = (problem: string | undefined) => {
      socket.destroy();
      resolve(problem);
    };
    socket.once('connect', () => over(undefined));
    socket.once('timeout', () => over(`no connection within ${TIMEOUT_MS} ms`));
    socket.once('error', (error) => over(error.message));
  });
}

export async function tryHandshake(place: Place, token: string | undefined): Promise<Handshake> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const upgraded = await tryUpgrade(place, headers);
  // Not 404 for the token's sake: agents that take HTTP only.
  return upgraded.kind === 'refused' && upgraded.status === 404 ? tryRequest(place, headers) : upgraded;
}

const nameOf = (host: string) => (host.includes(':') ? `[${host}]` : host);

function tryUpgrade({ host, port, tls }: Place, headers: Record<string, string>): Promise<Handshake> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${tls ? 'wss' : 'ws'}://${nameOf(host)}:${port}/v1/responses`, {
      headers,
      handshakeTimeout: TIMEOUT_MS,
      rejectUnauthorized: false,
    });
    const over = (result: Handshake) => {
      // A handshake that is given up says so by an error of its own.
      socket.removeAllListeners().on('error', () => {});
      socket.terminate();
      resolve(result);
    };
    socket.once('open', () => over({ kind: 'accepted' }));
    socket.once('unexpected-response', (_request, { statusCode }) => over({ kind: 'refused', status: statusCode ?? 0 }));
    socket.once('error', (error) => over({ kind: 'failed', message: error.message }));
  });
}

function tryRequest({ host, port, tls }: Place, headers: Record<string, string>): Promise<Handshake> {
  return new Promise((resolve) => {
    const options = { host, port, path: '/v1/models', headers, agent: false, timeout: TIMEOUT_MS } as const;
    const onResponse = ({ statusCode = 0 }: { statusCode?: number | undefined }) => {
      sent.destroy();
      resolve(statusCode === 200 ? { kind: 'accepted' } : { kind: 'refused', status: statusCode });
    };
    const sent = tls ? httpsRequest({ ...options, rejectUnauthorized: false }, onResponse) : httpRequest(options, onResponse);
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    sent.on('error', (error) => resolve({ kind: 'failed', message: error.message }));
    sent.end();
  });
}
