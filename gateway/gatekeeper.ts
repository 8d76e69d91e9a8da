/** Looks at each request and upgrade before its body: who may connect, and by which transport. */
import type { Refusal } from '../transports/contract.ts';
import type { Admission, Admitted } from '../transports/wire.ts';
import type { BearerAuth } from './auth.ts';

export interface GatekeeperOptions {
  auth: BearerAuth;
  /** Which transports the agents take. */
  transport: 'any' | 'websocket' | 'http';
  allowedOrigins: readonly string[];
}

export function gatekeeper({ auth, transport, allowedOrigins }: GatekeeperOptions): (admission: Admission) => Admitted {
  const origins: ReadonlySet<unknown> = new Set(allowedOrigins);
  return (admission) => {
    const { kind, path, headers } = admission;
    // Browsers let any page open a WebSocket to loopback; the Origin header is all that tells it apart.
    if (headers.origin !== undefined && !origins.has(headers.origin)) {
      return refused({ status: 403, code: 'forbidden_origin', message: 'this origin is not in gateway.allowedOrigins', param: 'origin' });
    }
    const admitted = auth.admit(admission);
    if (!admitted.ok) return admitted;
    if (kind === 'request' && transport === 'websocket' && path !== '/v1/models') {
      return refused({ status: 426, code: 'upgrade_required', message: 'the agents of this gateway take WebSocket connections only' });
    }
    if (kind === 'upgrade' && transport === 'http') {
      return refused({ status: 404, code: 'not_found', message: 'the agents of this gateway take no WebSocket connections' });
    }
    return admitted;
  };
}

function refused(refusal: Refusal): Admitted {
  return { ok: false, refusal };
}
