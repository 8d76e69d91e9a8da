import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseConfig, UPSTREAM_DEFAULTS } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatebench-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('nothing given is the defaults, frozen', () => {
  const parsed = parseConfig({});
  expect(parsed).toEqual({ config: UPSTREAM_DEFAULTS });
  expect('config' in parsed && Object.isFrozen(parsed.config)).toBe(true);
});

test('everything given is taken; certificates are read from their files', () => {
  const [key, cert] = ['key', 'cert'].map((name) => {
    const path = join(folder, name);
    writeFileSync(path, `the ${name}`);
    return path;
  });
  const value = {
    host: '::1',
    ports: { upstream: 4_000, admin: 4_001 },
    tls: { key, cert },
    pacing: 'spin',
    flushMs: 1.5,
    compression: true,
    ledgerTokensMax: 5,
    limits: { streamsInFlightMax: 64, connectionsMax: 9 },
    requireToken: 'secret',
  };
  expect(parseConfig(value)).toEqual({ config: { ...value, tls: { key: 'the key', cert: 'the cert' } } });
});

test('all problems are listed at once, and no value is repeated', () => {
  const parsed = parseConfig({
    host: '',
    ports: { upstream: 70_000, http: 1 },
    tls: { key: join(folder, 'absent') },
    pacing: 'lazy',
    flushMs: -1,
    compression: 'yes',
    ledgerTokensMax: 1.5,
    limits: { connectionsMax: 0, turnsMax: 3 },
    requireToken: 17_171_717,
    token: 'hunter2',
  });
  const problems = 'problems' in parsed ? parsed.problems : [];
  expect(problems.map((problem) => problem.split(/[: ]/)[0])).toEqual([
    'host',
    'ports.upstream',
    'ports.http',
    'tls.key',
    'tls.cert',
    'pacing',
    'flushMs',
    'compression',
    'ledgerTokensMax',
    'limits.connectionsMax',
    'limits.turnsMax',
    'requireToken',
    'token',
  ]);
  expect(problems.join()).not.toMatch(/hunter2|17171717/);
});

test.each([null, 7, 'text', [], undefined])('%j is no configuration', (value) => {
  expect(parseConfig(value)).toEqual({ problems: ['the configuration is no object'] });
});
