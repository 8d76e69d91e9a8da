/** The mock LLM as a running service: its handler behind a server that speaks every transport, and its admin port. */
import { timingSafeEqual } from 'node:crypto';
import { serve } from '../../transports/server.ts';
import type { Admission, Admitted } from '../../transports/wire.ts';
import type { Admin } from '../host/admin-port.ts';
import { type Metrics, startMetrics } from '../telemetry/metrics.ts';
import { upstreamMetrics } from '../telemetry/upstream-metrics.ts';
import { serveAdmin } from './admin.ts';
import type { UpstreamConfig } from './config.ts';
import { Upstream } from './handler.ts';
import { PROFILE_NAMES } from './profiles.ts';
import { loadText } from './text.ts';

export interface UpstreamService {
  readonly upstream: Upstream;
  readonly ports: { readonly upstream: number; readonly admin: number; readonly metrics?: number };
  /** Lets turns end for `graceMs`, then cuts them. */
  close(graceMs: number): Promise<void>;
}

/** Rejects when a port cannot be taken or the certificate is none. */
export async function startService(
  config: UpstreamConfig,
  onPeerError?: (code: string, message: string) => void,
): Promise<UpstreamService> {
  const upstream = new Upstream({
    text: await loadText(),
    pacing: config.pacing,
    flushMs: config.flushMs,
    ledgerTokensMax: config.ledgerTokensMax,
  });
  const { requireToken } = config;
  const server = await serve({
    host: config.host,
    port: config.ports.upstream,
    handler: upstream.handler,
    limits: config.limits,
    flushMs: config.flushMs,
    compression: config.compression,
    models: () => PROFILE_NAMES,
    ...(config.tls ? { tls: config.tls } : {}),
    ...(requireToken === undefined ? {} : { admit: (admission: Admission) => admit(admission, requireToken) }),
    ...(onPeerError ? { onPeerError } : {}),
  });
  const connections = () => server.counts().connections;
  let admin: Admin | undefined;
  let metrics: Metrics | undefined;
  try {
    admin = await serveAdmin({ counts: () => upstream.counts(), connections, ledger: upstream.ledger }, config.ports.admin);
    if (config.ports.metrics !== undefined)
      metrics = await startMetrics('upstream', config.ports.metrics, upstreamMetrics({ upstream, connections }));
  } catch (error) {
    await Promise.all([server.close(0), admin?.close()]);
    throw error;
  }
  const pages = [admin, ...(metrics ? [metrics] : [])];
  return {
    upstream,
    ports: { upstream: server.port, admin: admin.port, ...(metrics ? { metrics: metrics.port } : {}) },
    async close(graceMs) {
      await Promise.all([server.close(graceMs), ...pages.map((page) => page.close())]);
      upstream.stop();
    },
  };
}

function admit({ headers }: Admission, token: string): Admitted {
  const given = Buffer.from(String(headers.authorization ?? ''));
  const expected = Buffer.from(`Bearer ${token}`);
  if (given.length === expected.length && timingSafeEqual(given, expected)) return { ok: true, client: 'token' };
  const message = 'the mock LLM was started with a token; send it as a bearer token';
  return { ok: false, refusal: { status: 401, code: 'unauthorized', message } };
}
