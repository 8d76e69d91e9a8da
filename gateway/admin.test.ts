import { type IncomingHttpHeaders, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Admin, serveAdmin } from './admin.ts';

let admin: Admin;
let asked = 0;
let posted = 0;
beforeAll(async () => {
  admin = await serveAdmin(0, {
    '/status': {
      GET: () => {
        asked += 1;
        return { body: { asked } };
      },
    },
    '/window': {
      POST: () => {
        posted += 1;
        return { body: { begun: true } };
      },
    },
    '/healthz': { GET: () => ({ status: 503, body: { ok: false } }) },
    '/': { GET: () => ({ html: '<p>page</p>', policy: "default-src 'none'" }) },
    '/things/*': { GET: ({ rest, query }) => ({ body: { rest, by: query.get('by') } }) },
    '/live': {
      GET: ({ query }) => ({
        stream: (response) => {
          if (query.has('full')) return 'full';
          response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: 1\n\n');
          return undefined;
        },
      }),
    },
  });
});
afterAll(() => admin.close());

interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

function ask(
  path: string,
  { method = 'GET', headers = {}, body = '' }: Asked = {},
): Promise<{ status: number; body: unknown; headers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const sent = request({ port: admin.port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        const { headers, statusCode: status = 0 } = response;
        resolve({ status, headers, body: /json/.test(headers['content-type'] ?? '') ? JSON.parse(text) : text });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('the admin pages', () => {
  it('answer with what is true now', async () => {
    expect(await ask('/status')).toMatchObject({ status: 200, body: { asked: 1 } });
    expect(await ask('/status?x=1')).toMatchObject({ status: 200, body: { asked: 2 } });
    expect(await ask('/healthz')).toMatchObject({ status: 503, body: { ok: false } });
  });

  it('take a POST where there is one, whatever its body', async () => {
    expect(await ask('/window', { method: 'POST' })).toMatchObject({ status: 200, body: { begun: true } });
    expect(await ask('/window', { method: 'POST', body: 'x'.repeat(1_000_000) })).toMatchObject({ status: 200 });
    expect(posted).toBe(2);
  });

  it('answer below a path with what stands there', async () => {
    expect(await ask('/things/a%20b?by=c')).toMatchObject({ status: 200, body: { rest: 'a b', by: 'c' } });
  });

  it('may be a web page, which nothing else may frame or feed, and a stream, or why there is none', async () => {
    expect(await ask('/')).toMatchObject({
      status: 200,
      body: '<p>page</p>',
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': "default-src 'none'",
        'x-content-type-options': 'nosniff',
      },
    });
    expect(await ask('/live')).toMatchObject({ status: 200, body: 'data: 1\n\n', headers: { 'content-type': 'text/event-stream' } });
    expect(await ask('/live?full=1')).toMatchObject({ status: 503, body: { error: { message: 'full' } } });
    const own = `127.0.0.1:${admin.port}`;
    expect((await ask('/live', { headers: { host: own, origin: `http://${own}` } })).status).toBe(200);
  });

  it.each<[string, string, Asked, number]>([
    ['a path below with nothing in it', '/things/', {}, 404],
    ['the pattern itself', '/things/a/b', {}, 404],
    ['what is not encoded as it must be', '/things/%zz', {}, 404],
    ['web pages from elsewhere', '/live', { headers: { origin: 'http://127.0.0.1:1' } }, 403],
    ['other pages', '/nope', {}, 404],
    ['names of Object', '/__proto__', {}, 404],
    ['other methods', '/status', { method: 'POST' }, 405],
    ['reading what can only be posted', '/window', {}, 405],
    ['names that resolve to loopback', '/status', { headers: { host: 'rebound.example:18790' } }, 403],
    ['web pages that post', '/window', { method: 'POST', headers: { origin: 'http://127.0.0.1:3000' } }, 403],
  ])('refuse %s', async (_what, path, options, status) => {
    const before = posted;
    expect((await ask(path, options)).status).toBe(status);
    expect(posted).toBe(before);
  });

  it('cannot be had where their port is taken', async () => {
    await expect(serveAdmin(admin.port, {})).rejects.toThrow('EADDRINUSE');
  });
});
