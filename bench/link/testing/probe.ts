/**
 * Measures the links' process from outside: `probe.ts [--rtt 20] [--pacing yielding] [--connections 200] [--rate 100]
 * [--seconds 5] [--link-core N] [--ends-core N] [--ends-pacing spin] [--direct]`.
 *
 * Both ends are in this process, so they share a clock: every message carries when it was written, and whoever reads
 * it compares that with the link's delay. What a link says of itself begins with its own read; this sees the rest too.
 * `--direct` connects without a link, for what the ends themselves add.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nowNs } from '../../../transports/clock.ts';
import { Alarm } from '../../driver/alarm.ts';
import { Pacer } from '../../driver/pacer.ts';
import { Spinning, Yielding } from '../../driver/waiting.ts';
import { modulePath } from '../../host/package.ts';
import { Child } from '../../orchestrator/children.ts';
import { LatencyHistogram } from '../../statistics/histogram.ts';
import type { LinkStats } from '../admin.ts';

const { values } = parseArgs({
  options: {
    rtt: { type: 'string', default: '20' },
    pacing: { type: 'string', default: 'yielding' },
    connections: { type: 'string', default: '200' },
    rate: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '5' },
    'link-core': { type: 'string' },
    'ends-core': { type: 'string' },
    'ends-pacing': { type: 'string', default: 'spin' },
    direct: { type: 'boolean', default: false },
  },
});
const MESSAGE_BYTES = 128;
/** Until the compilers of both processes have settled. */
const WARMUP_MS = 6_000;
const [roundTripMs, connections, rate, seconds] = [values.rtt, values.connections, values.rate, values.seconds].map(Number) as [
  number,
  number,
  number,
  number,
];
const delayNs = values.direct ? 0 : (roundTripMs * 1e6) / 2;

if (values['ends-core'] !== undefined)
  execFileSync('taskset', ['-a', '-c', '-p', values['ends-core'], String(process.pid)], { stdio: 'ignore' });

const folder = mkdtempSync(join(tmpdir(), 'gatebench-probe-'));
const config = join(folder, 'config.json');
writeFileSync(config, JSON.stringify({ links: [{ name: 'link', roundTripMs }] }));
const child = await Child.start<{ ready: 1; ports: { admin: number; links: Record<string, number> } }>({
  name: 'links',
  module: modulePath('bench/link/main'),
  arguments: ['--config', config, '--pacing', values.pacing, '--exit-with-stdin'],
  prefix: values['link-core'] === undefined ? [] : ['taskset', '-c', values['link-core']],
  readyTimeoutMs: 10_000,
});
const admin = `http://127.0.0.1:${child.ready.ports.admin}`;

let measuring = false;
const error = { toTarget: new LatencyHistogram(), toClient: new LatencyHistogram() };
let early = 0;

function reads(socket: Socket, histogram: LatencyHistogram): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const readNs = nowNs();
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (; at + MESSAGE_BYTES <= bytes.length; at += MESSAGE_BYTES) {
      const lateNs = readNs - bytes.readDoubleLE(at) - delayNs;
      if (lateNs < 0) early += 1;
      if (measuring) histogram.recordNs(lateNs);
    }
    rest = bytes.subarray(at);
  });
}

const alarm = values['ends-pacing'] === 'yielding' ? await Alarm.open() : undefined;
const pacer = new Pacer(alarm ? new Yielding(alarm) : new Spinning(), (fault) => {
  throw fault;
});
function writes(socket: Socket): void {
  const everyNs = 1e9 / rate;
  const message = {
    dueNs: nowNs() + 300e6 + Math.random() * everyNs,
    fire() {
      const bytes = Buffer.allocUnsafe(MESSAGE_BYTES);
      bytes.writeDoubleLE(nowNs());
      socket.write(bytes);
      message.dueNs += everyNs;
      pacer.add(message);
    },
  };
  pacer.add(message);
}

const sockets: Socket[] = [];
const server = createServer({ noDelay: true }, (socket) => {
  sockets.push(socket);
  reads(socket, error.toTarget);
  writes(socket);
});
await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve));
const { port } = server.address() as AddressInfo;
await fetch(`${admin}/target`, { method: 'POST', body: JSON.stringify({ name: 'link', target: { host: '127.0.0.1', port } }) });
for (let n = 0; n < connections; n += 1) {
  const socket = connect({ host: '127.0.0.1', port: values.direct ? port : child.ready.ports.links.link!, noDelay: true });
  sockets.push(socket);
  reads(socket, error.toClient);
  socket.once('connect', () => writes(socket));
}

const stats = async () => (await (await fetch(`${admin}/stats`)).json()) as LinkStats;
await new Promise((resolve) => setTimeout(resolve, WARMUP_MS));
await fetch(`${admin}/clear`, { method: 'POST' });
const before = await stats();
const own = process.cpuUsage();
measuring = true;
await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
measuring = false;
const used = process.cpuUsage(own);
const after = await stats();
pacer.stop();
await alarm?.close();
for (const socket of sockets) socket.destroy();
server.close();
await child.stop();
rmSync(folder, { recursive: true });

const link = after.links[0]!;
const deliveries = link.toTarget.deliveries + link.toClient.deliveries;
const wallS = (after.uptimeMs - before.uptimeMs) / 1_000;
const cpuUs = after.cpuUs - before.cpuUs;
const us = (histogram: LatencyHistogram) =>
  `${histogram.quantileUs(0.5)} / ${histogram.quantileUs(0.99)} µs, most ${Math.round(1_000 * (histogram.maxMs() ?? 0))}`;
process.stdout.write(
  [
    `${values.direct ? 'direct' : `${roundTripMs} ms, ${values.pacing}`}; ${Math.round((error.toTarget.count + error.toClient.count) / seconds)} messages/s read; ends ${((used.user + used.system) / 1e6 / seconds).toFixed(2)} cores`,
    `  seen by the ends: to target ${us(error.toTarget)}; to client ${us(error.toClient)}; early ${early}`,
    `  seen by the link: to target ${link.toTarget.error.p50Us} / ${link.toTarget.error.p99Us} µs, most ${link.toTarget.error.maxUs}; to client ${link.toClient.error.p50Us} / ${link.toClient.error.p99Us}, most ${link.toClient.error.maxUs}`,
    `  link: ${(cpuUs / 1e6 / wallS).toFixed(2)} cores, ${Math.round(deliveries / wallS)} deliveries/s, ${(cpuUs / deliveries).toFixed(1)} µs each; held at most ${link.toTarget.heldBytesPeak + link.toClient.heldBytesPeak} B`,
    '',
  ].join('\n'),
);
