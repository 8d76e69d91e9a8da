import { describe, expect, it } from 'vitest';
import { FakeAdmin, statusPage, threadsPage } from '../testing/admin.ts';
import { AdminClient } from './admin-client.ts';

describe('the admin pages, as they are read', () => {
  it('are what the gateway says, fields that nobody knows included', async () => {
    await using admin = await FakeAdmin.start({
      'GET /status': () => ({ ...statusPage(), later: { thing: 1 } }),
      'GET /threads': () => threadsPage(),
      'POST /window': () => ({ begun: true }),
    });
    const client = new AdminClient(admin.port);
    expect(await client.status()).toEqual({ ok: true, value: { ...statusPage(), later: { thing: 1 } } });
    expect(await client.threads()).toEqual({ ok: true, value: threadsPage() });
    expect(await client.beginWindow()).toEqual({ ok: true, value: { begun: true } });
    expect(admin.requests).toEqual(['GET /status', 'GET /threads', 'POST /window']);
  });

  it('are not there where nobody listens', async () => {
    let port: number;
    {
      await using admin = await FakeAdmin.start({});
      port = admin.port;
    }
    expect(await new AdminClient(port).status()).toEqual({
      ok: false,
      reason: 'unreachable',
      message: `http://127.0.0.1:${port}/status: connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  });

  it.each<[string, object, string]>([
    ['another server’s', { text: 'not found', status: 404 }, 'answers with status 404'],
    ['no JSON', { text: '<html>', status: 200 }, 'answers with something that is no JSON'],
    [
      'of another version',
      { ...statusPage(), window: { ...statusPage().window, loopDelayMs: 'soon' } },
      'of another version: window.loopDelayMs',
    ],
    ['too large', { text: `"${'x'.repeat(17 * 1024 * 1024)}"`, status: 200 }, 'too large'],
  ])('are refused where they are %s', async (_what, page, message) => {
    await using admin = await FakeAdmin.start({ 'GET /status': () => page });
    const asked = await new AdminClient(admin.port).status();
    expect(asked).toMatchObject({ ok: false, message: expect.stringContaining(message) });
  });
});
