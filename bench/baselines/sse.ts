/**
 * The bare relay over SSE: what a careful user writes by hand in one file with node:http, to compare the gateway with.
 * OpenAI chat chunks in and out, each parsed and encoded again, back-pressure and cancelling included. Nothing else:
 * no limits, no authentication, no accounting.
 */
import { Agent, createServer, request } from 'node:http';
import { relayConfig, runRelay } from './relay-process.ts';

const { upstream, passThrough } = relayConfig();
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 10_000 });

const server = createServer((client, reply) => {
  let body = '';
  client.setEncoding('utf8');
  client.on('data', (text: string) => {
    body += text;
  });
  client.on('end', () => {
    const turn = JSON.stringify(JSON.parse(body));
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(turn) };
    const call = request({ ...upstream, path: '/v1/chat/completions', method: 'POST', agent, headers }, (answer) => {
      reply.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] ?? 'text/event-stream' });
      if (passThrough) {
        answer.pipe(reply);
        return;
      }
      const send = (data: string) => {
        if (reply.write(`data: ${data}\n\n`) || answer.isPaused()) return;
        answer.pause();
        reply.once('drain', () => answer.resume());
      };
      let rest = '';
      answer.setEncoding('utf8');
      answer.on('data', (text: string) => {
        rest += text;
        for (let end = rest.indexOf('\n\n'); end !== -1; end = rest.indexOf('\n\n')) {
          const event = rest.slice(0, end);
          rest = rest.slice(end + 2);
          if (!event.startsWith('data: ')) continue;
          const data = event.slice(6);
          send(data === '[DONE]' ? data : JSON.stringify(JSON.parse(data)));
        }
      });
      answer.on('end', () => reply.end());
    });
    call.on('error', () => reply.destroy());
    reply.on('close', () => call.destroy());
    call.end(turn);
  });
});

runRelay(server);
