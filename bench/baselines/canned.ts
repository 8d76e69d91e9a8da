/**
 * A server that answers every request with the same small chat completion, from a raw socket: faster than any client
 * can ask, so that what is measured against it is the client.
 */
import { createServer } from 'node:net';
import { runRelay } from './relay-process.ts';

const body = JSON.stringify({
  id: 'chatcmpl-canned',
  object: 'chat.completion',
  created: 1,
  model: 'canned',
  choices: [{ index: 0, message: { role: 'assistant', content: 'yes' }, finish_reason: 'stop', logprobs: null }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});
const reply = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  // Clients of this server send small requests, each in one piece, and wait for the answer.
  socket.on('data', () => socket.write(reply));
});

runRelay(server);
