/** What the hand-written relays share with every other child: configuration from a file, a ready line, ending with the parent. */
import { readFileSync } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';

export interface RelayConfig {
  upstream: { host: string; port: number };
  /** Hands the bytes on as they come, without parsing or encoding anything. */
  passThrough: boolean;
}

/** @throws on a malformed file: only the orchestrator writes it. */
export function relayConfig(): RelayConfig {
  const path = process.argv[process.argv.indexOf('--config') + 1];
  if (!path) throw new Error('usage: --config FILE');
  return JSON.parse(readFileSync(path, 'utf8')) as RelayConfig;
}

export function runRelay(server: Server): void {
  if (process.argv.includes('--exit-with-stdin')) process.stdin.on('end', () => process.exit(0)).resume();
  process.on('SIGTERM', () => process.exit(0));
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.stdout.write(
      `${JSON.stringify({ ready: 1, protocol: 1, pid: process.pid, ports: { gateway: port, metrics: null, admin: null } })}\n`,
    );
  });
}
