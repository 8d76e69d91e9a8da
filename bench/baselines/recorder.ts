/**
 * An independent witness of the ledger: raw sockets, stamps by `process.hrtime.bigint()` at each read, chunks and events
 * found by splitting text, contents by `JSON.parse`. It shares no code with the client that measures, so that an error
 * of the ledger and one of the client cannot hide each other.
 */
import { connect } from 'node:net';
import { TokenColumns } from '../ledger/columns.ts';
import type { ArrivalRow } from '../ledger/rows.ts';
import type { TrialSpec } from '../trial.ts';
import { keyOf, type Ran, serveTrials, type Task } from './generator-process.ts';

const TOKENS_MAX = 4_000_000;

interface Reply {
  key: string;
  startedNs: number;
  lengths: number[];
  timesNs: number[];
  length: number;
  text: string;
}

function one(spec: TrialSpec, task: Task, user: number, ran: Ran & { arrivals: TokenColumns<ArrivalRow> }): Promise<void> {
  const { host, port } = spec.client;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    let turn = 0;
    let reply: Reply;
    const ask = () => {
      const content = task.message(user, turn);
      const body = JSON.stringify({ model: spec.workload.model, stream: true, messages: [{ role: 'user', content }] });
      const startedNs = Number(process.hrtime.bigint());
      reply = { key: keyOf(spec, user, turn), startedNs, lengths: [], timesNs: [], length: 0, text: '' };
      turn += 1;
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    };
    const done = (endedNs: number) => {
      const { key, startedNs, lengths, timesNs } = reply;
      ran.turns += 1;
      ran.arrivals.append(
        { key, intendedNs: startedNs, startedNs, endedNs, outcome: 'completed', measured: true, link: 0 },
        lengths,
        timesNs,
      );
      if (performance.now() < task.untilMs) ask();
      else socket.destroy();
    };
    socket.setEncoding('utf8');
    socket.on('connect', ask);
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (text: string) => {
      const readAtNs = Number(process.hrtime.bigint());
      reply.text += text;
      for (let end = reply.text.indexOf('\n\n'); end !== -1; end = reply.text.indexOf('\n\n')) {
        const event = reply.text.slice(0, end);
        reply.text = reply.text.slice(end + 2);
        const at = event.indexOf('data: ');
        const data = at === -1 ? '' : event.slice(at + 6);
        if (data === '[DONE]') return done(readAtNs);
        if (data === '') continue;
        const content = (JSON.parse(data) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content;
        if (!content) continue;
        reply.length += content.length;
        reply.lengths.push(reply.length);
        reply.timesNs.push(readAtNs);
      }
    });
  });
}

await serveTrials(async (spec, task) => {
  const ran = { turns: 0, bytesRead: 0, bytesWritten: 0, arrivals: new TokenColumns<ArrivalRow>(TOKENS_MAX) };
  const spreadMs = spec.load.kind === 'closed' ? spec.load.spreadMs / task.users : 0;
  const users = Array.from({ length: task.users }, async (_, user) => {
    await new Promise((resolve) => setTimeout(resolve, user * spreadMs));
    await one(spec, task, user, ran);
  });
  await Promise.all(users);
  return ran;
});
