import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeAdmin, statusPage } from '../testing/admin.ts';
import { DEFAULT_ADMIN_PORT } from './defaults.ts';
import { readGatewayFile } from './gateway-file.ts';
import { findAdminPort, findLogFile } from './locate.ts';

let folder: string;
const file = () => join(folder, 'openclaw.json');
const write = (value: unknown) => writeFileSync(file(), typeof value === 'string' ? value : JSON.stringify(value));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatebench-file-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a configuration', () => {
  it('says where its gateway is, whatever else stands in it', () => {
    write({ gateway: { adminPort: 1_234, port: 'x' }, logging: { file: 'logs/gateway.log' }, upstream: 7 });
    expect(readGatewayFile(file())).toEqual({
      ok: true,
      file: { path: file(), adminPort: 1_234, logFile: join(folder, 'logs/gateway.log') },
    });
    write({});
    expect(readGatewayFile(file())).toEqual({ ok: true, file: { path: file(), adminPort: DEFAULT_ADMIN_PORT } });
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '{ "auth": s3cr3t', 'is not JSON'],
    ['no object', [], 'see it'],
    ['wrong where it matters', { gateway: { adminPort: -1 }, logging: { file: 7 } }, 'see gateway.adminPort, logging.file'],
  ])('is refused where it is %s', (_what, value, problem) => {
    write(value);
    const read = readGatewayFile(file());
    expect(read).toMatchObject({ ok: false, absent: false, problem: expect.stringContaining(problem) });
    expect(JSON.stringify(read)).not.toContain('s3cr3t');
  });

  it('may be absent', () => {
    expect(readGatewayFile(file())).toEqual({ ok: false, absent: true, problem: `${file()} cannot be read (ENOENT)` });
    expect(readGatewayFile(folder)).toMatchObject({ ok: false, absent: false });
  });
});

describe('the admin port', () => {
  it('is the one that is given, that of the configuration, or the default', () => {
    write({ gateway: { adminPort: 1_234 } });
    expect(findAdminPort({ adminPort: 7 })).toEqual({ ok: true, value: 7 });
    expect(findAdminPort({ configFile: file() })).toEqual({ ok: true, value: 1_234 });
    expect(findAdminPort({})).toEqual({ ok: true, value: DEFAULT_ADMIN_PORT });
    write({ gateway: { adminPort: 0 } });
    expect(findAdminPort({ configFile: file() })).toMatchObject({ ok: false, problem: expect.stringContaining('--admin PORT') });
  });
});

describe('the log', () => {
  it('is where the running gateway says, or the configuration', async () => {
    await using admin = await FakeAdmin.start({
      'GET /status': () => statusPage({ log: { ...statusPage().log, file: '/var/log/gateway.log' } }),
    });
    expect(await findLogFile({ adminPort: admin.port })).toEqual({ ok: true, value: '/var/log/gateway.log' });
    write({ logging: { file: 'gateway.log' } });
    expect(await findLogFile({ configFile: file() })).toEqual({ ok: true, value: join(folder, 'gateway.log') });
  });

  it('is standard error where neither names a file, which is said', async () => {
    await using admin = await FakeAdmin.start({ 'GET /status': () => statusPage() });
    write({});
    for (const location of [{ adminPort: admin.port }, { configFile: file() }]) {
      expect(await findLogFile(location)).toMatchObject({ ok: false, problem: expect.stringContaining('set logging.file') });
    }
  });
});
