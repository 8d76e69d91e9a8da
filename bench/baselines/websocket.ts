/**
 * The bare relay over WebSocket: what a careful user writes by hand in one file with `ws`, to compare the gateway with.
 * OpenAI Responses events from an event stream upstream to WebSocket messages, each parsed and encoded again, one turn
 * at a time on a connection, back-pressure and cancelling included. Nothing else: no limits, no authentication.
 */
import { Agent, createServer, request } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { relayConfig, runRelay } from './relay-process.ts';

const { upstream, passThrough } = relayConfig();
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: 10_000 });
const SEND_BUFFER_BYTES_MAX = 1024 * 1024;

const server = createServer();
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (client) => {
  client.on('message', (message) => {
    const { type, ...turn } = JSON.parse(String(message));
    if (type === 'response.create') relay(client, JSON.stringify({ ...turn, stream: true }));
  });
});

function relay(client: WebSocket, turn: string): void {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(turn) };
  const call = request({ ...upstream, path: '/v1/responses', method: 'POST', agent, headers }, (answer) => {
    const send = (data: string) => {
      client.send(data, () => {
        if (answer.isPaused() && client.bufferedAmount < SEND_BUFFER_BYTES_MAX / 2) answer.resume();
      });
      if (client.bufferedAmount > SEND_BUFFER_BYTES_MAX) answer.pause();
    };
    let rest = '';
    answer.setEncoding('utf8');
    answer.on('data', (text: string) => {
      rest += text;
      for (let end = rest.indexOf('\n\n'); end !== -1; end = rest.indexOf('\n\n')) {
        const event = rest.slice(0, end);
        rest = rest.slice(end + 2);
        const at = event.indexOf('data: ');
        if (at === -1) continue;
        const data = event.slice(at + 6);
        send(passThrough ? data : JSON.stringify(JSON.parse(data)));
      }
    });
    answer.on('end', () => client.off('close', cancel));
  });
  const cancel = () => call.destroy();
  client.once('close', cancel);
  call.on('error', () => client.terminate());
  call.end(turn);
}

runRelay(server);
