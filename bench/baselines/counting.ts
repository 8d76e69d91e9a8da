/**
 * A client that only counts bytes, over the same library as ours: `node:net` for event streams, `ws` for WebSockets.
 * What a generator costs beyond this is the price of knowing anything.
 */
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import type { Turn } from '../../transports/contract.ts';
import { ENVELOPE_BY_NAME } from '../../transports/envelopes/index.ts';
import type { TrialSpec } from '../trial.ts';
import { type Ran, serveTrials, type Task } from './generator-process.ts';

const LAST_CHUNK = Buffer.from('0\r\n\r\n');

function turnOf(spec: TrialSpec, message: string): Turn {
  return { key: '', model: spec.workload.model, input: [{ role: 'user', content: message }], want: { phases: false } };
}

function overSse(spec: TrialSpec, task: Task, user: number, ran: Ran): Promise<void> {
  const { host, port, leg } = spec.client;
  const envelope = ENVELOPE_BY_NAME[leg.envelope];
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    let turn = 0;
    const ask = () => {
      const body = envelope.writeRequest(turnOf(spec, task.message(user, turn)), { stream: true, websocket: false });
      const head = `POST ${envelope.path} HTTP/1.1\r\nHost: ${host}:${port}\r\nContent-Type: ${envelope.requestType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
      turn += 1;
      socket.write(`${head}\r\n${body}`);
    };
    socket.on('connect', ask);
    socket.on('error', reject);
    socket.on('close', () => {
      ran.bytesRead += socket.bytesRead;
      ran.bytesWritten += socket.bytesWritten;
      resolve();
    });
    socket.on('data', (chunk: Buffer) => {
      if (chunk.length < 5 || chunk.compare(LAST_CHUNK, 0, 5, chunk.length - 5) !== 0) return;
      ran.turns += 1;
      if (performance.now() < task.untilMs) ask();
      else socket.destroy();
    });
  });
}

function overWebSocket(spec: TrialSpec, task: Task, user: number, ran: Ran): Promise<void> {
  const { host, port, leg } = spec.client;
  const envelope = ENVELOPE_BY_NAME[leg.envelope];
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${host}:${port}${envelope.path}`, { perMessageDeflate: false });
    let turn = 0;
    const ask = () => {
      socket.send(envelope.writeRequest(turnOf(spec, task.message(user, turn)), { stream: true, websocket: true }));
      turn += 1;
    };
    socket.on('open', ask);
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('message', (data: Buffer) => {
      ran.bytesRead += data.length;
      // A delta is far shorter than the event that ends a turn.
      if (data.length < 400 || !data.includes('"response.completed"')) return;
      ran.turns += 1;
      if (performance.now() < task.untilMs) ask();
      else socket.terminate();
    });
  });
}

await serveTrials(async (spec, task) => {
  const ran: Ran = { turns: 0, bytesRead: 0, bytesWritten: 0 };
  const one = spec.client.leg.transport === 'websocket' ? overWebSocket : overSse;
  const spreadMs = spec.load.kind === 'closed' ? spec.load.spreadMs / task.users : 0;
  const users = Array.from({ length: task.users }, async (_, user) => {
    await new Promise((resolve) => setTimeout(resolve, user * spreadMs));
    await one(spec, task, user, ran);
  });
  await Promise.all(users);
  return ran;
});
