/** The mock LLM's admin port: its figures, and its ledger to a file. */
import { type Admin, type AdminReply, failure, processTimes, serveAdminPort, withJson } from '../host/admin-port.ts';
import type { LatencyHistogram } from '../statistics/histogram.ts';
import type { UpstreamCounts } from './handler.ts';

export interface AdminSource {
  counts(): UpstreamCounts;
  connections(): number;
  readonly ledger: {
    readonly lateness: LatencyHistogram;
    save(path: string): { rows: number; tokens: number; lostTokens: number };
    clear(): void;
  };
}

export interface LatenessFigures {
  tokens: number;
  /** `null` with too few tokens for the quantile. */
  p50Us: number | null;
  p99Us: number | null;
  maxUs: number | null;
}

/** Rejects when the port cannot be taken. */
export function serveAdmin(source: AdminSource, port: number): Promise<Admin> {
  return serveAdminPort(port, (asked, body) => {
    switch (asked) {
      case 'GET /stats':
        return { status: 200, body: stats(source) };
      case 'POST /ledger/save':
        return withJson(body, (value) => save(source, value));
      case 'POST /ledger/clear':
        source.ledger.clear();
        return { status: 200, body: {} };
      default:
        return failure(404, 'not_found', 'there are GET /stats, POST /ledger/save {"path"} and POST /ledger/clear');
    }
  });
}

export function latenessFigures(lateness: LatencyHistogram): LatenessFigures {
  const maxMs = lateness.maxMs();
  return {
    tokens: lateness.count,
    p50Us: lateness.quantileUs(0.5),
    p99Us: lateness.quantileUs(0.99),
    maxUs: maxMs === null ? null : Math.round(maxMs * 1_000),
  };
}

function stats(source: AdminSource): object {
  const { lateness } = source.ledger;
  return {
    ...source.counts(),
    connections: source.connections(),
    lateness: { ...latenessFigures(lateness), histogram: lateness.encode() },
    ...processTimes(),
  };
}

function save(source: AdminSource, value: unknown): AdminReply {
  if (typeof value !== 'object' || value === null || !('path' in value) || typeof value.path !== 'string' || value.path === '') {
    return failure(400, 'invalid_request', 'the body needs a path');
  }
  try {
    return { status: 200, body: source.ledger.save(value.path) };
  } catch (error) {
    return failure(500, 'internal_error', error instanceof Error ? error.message : String(error));
  }
}
