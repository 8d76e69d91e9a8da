import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Admin, serveAdmin } from './admin.ts';

let admin: Admin;
let asked = 0;
beforeAll(async () => {
  admin = await serveAdmin(0, {
    '/status': () => {
      asked += 1;
      return { asked };
    },
  });
});
afterAll(() => admin.close());

function ask(path: string, options: { method?: string; host?: string } = {}): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const headers = options.host === undefined ? {} : { host: options.host };
    const sent = request({ port: admin.port, path, method: options.method ?? 'GET', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('the status page', () => {
  it('answers with what is true now', async () => {
    expect(await ask('/status')).toEqual({ status: 200, body: { asked: 1 } });
    expect(await ask('/status?x=1')).toEqual({ status: 200, body: { asked: 2 } });
  });

  it.each([
    ['other pages', '/nope', {}, 404],
    ['names of Object', '/__proto__', {}, 404],
    ['other methods', '/status', { method: 'POST' }, 405],
    ['names that resolve to loopback', '/status', { host: 'rebound.example:18790' }, 403],
  ])('refuses %s', async (_what, path, options, status) => {
    expect((await ask(path, options)).status).toBe(status);
  });

  it('rejects when its port is taken', async () => {
    await expect(serveAdmin(admin.port, {})).rejects.toThrow('EADDRINUSE');
  });
});
