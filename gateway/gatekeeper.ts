/** Looks at each request and upgrade before its body: who may connect, and by which transport. */
import type { Refusal } from '../transports/contract.ts';
import type { Admission } from '../transports/wire.ts';
import type { BearerAuth } from './auth.ts';

export interface GatekeeperOptions {
  auth: BearerAuth;
  /** Which transports the agents take. */
  transport: 'any' | 'websocket' | 'http';
  allowedOrigins: readonly string[];
}

export function gatekeeper({ auth, transport, allowedOrigins }: GatekeeperOptions): (admission: Admission) => Refusal | undefined {
  const origins: ReadonlySet<unknown> = new Set(allowedOrigins);
  return (admission) => {
    const { kind, path, headers } = admission;
    // Browsers let any page open a WebSocket to loopback; the Origin header is all that tells it apart.
    if (headers.origin !== undefined && !origins.has(headers.origin)) {
      return { status: 403, code: 'forbidden_origin', message: 'this origin is not in gateway.allowedOrigins', param: 'origin' };
    }
    const refusal = auth.admit(admission);
    if (refusal) return refusal;
    if (kind === 'request' && transport === 'websocket' && path !== '/v1/models') {
      return { status: 426, code: 'upgrade_required', message: 'the agents of this gateway take WebSocket connections only' };
    }
    if (kind === 'upgrade' && transport === 'http') {
      return { status: 404, code: 'not_found', message: 'the agents of this gateway take no WebSocket connections' };
    }
    return undefined;
  };
}
