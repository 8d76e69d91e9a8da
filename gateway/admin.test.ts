import { request } from 'node:http';
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
  });
});
afterAll(() => admin.close());

interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

function ask(path: string, { method = 'GET', headers = {}, body = '' }: Asked = {}): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const sent = request({ port: admin.port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('the admin pages', () => {
  it('answer with what is true now', async () => {
    expect(await ask('/status')).toEqual({ status: 200, body: { asked: 1 } });
    expect(await ask('/status?x=1')).toEqual({ status: 200, body: { asked: 2 } });
    expect(await ask('/healthz')).toEqual({ status: 503, body: { ok: false } });
  });

  it('take a POST where there is one, whatever its body', async () => {
    expect(await ask('/window', { method: 'POST' })).toEqual({ status: 200, body: { begun: true } });
    expect(await ask('/window', { method: 'POST', body: 'x'.repeat(1_000_000) })).toMatchObject({ status: 200 });
    expect(posted).toBe(2);
  });

  it.each<[string, string, Asked, number]>([
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
