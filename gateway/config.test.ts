import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { testCertificate } from '../transports/testing/legs.ts';
import { closest, editDistance } from './config/closest.ts';
import { DEFAULTS } from './config/defaults.ts';
import { describeProblem, type Problem } from './config/problems.ts';
import type { ConfigContext } from './config/schema.ts';
import { type ConfigResult, configSchema, type GatewayConfig, loadConfig, parseConfig } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'gatebench-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return name;
}

const UPSTREAM = { url: 'http://127.0.0.1:8000' };

function parse(input: unknown, over: Partial<ConfigContext> = {}): ConfigResult {
  return parseConfig(input, { folder, env: {}, allowFaults: false, ...over });
}

function accepted(input: unknown, over: Partial<ConfigContext> = {}): GatewayConfig {
  const result = parse(input, over);
  if (!result.ok) throw new Error(result.problems.map(describeProblem).join('\n'));
  return result.config;
}

function problems(input: unknown, over: Partial<ConfigContext> = {}): readonly Problem[] {
  const result = parse(input, over);
  return result.ok ? [] : result.problems;
}

function paths(input: unknown, over: Partial<ConfigContext> = {}): string[] {
  return problems(input, over).map(({ path }) => path);
}

describe('a configuration that says only where the LLM is', () => {
  it('is complete by the defaults, and frozen throughout', () => {
    const config = accepted({ upstream: UPSTREAM });
    expect(config.gateway).toEqual(DEFAULTS.gateway);
    expect(config.upstream).toEqual({ ...DEFAULTS.upstream, ...UPSTREAM });
    expect(config.acp.subagent).toEqual(DEFAULTS.agent);
    expect(config.agents.threadPool.minThreads).toBe(config.agents.threadPool.maxThreads);
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.upstream.headers)).toBe(true);
    expect(Object.isFrozen(config.acp.allowedAgents)).toBe(true);
  });
});

describe('the keys of the post', () => {
  it('are taken as they stand there', () => {
    const config = accepted({
      acp: {
        defaultAgent: 'codex',
        allowedAgents: ['codex', 'subagent'],
        codex: { transport: 'websocket', streaming: true, maxMessageSize: '100MB', keepAliveInterval: 30000 },
      },
      agents: { threadPool: { maxThreads: 10, minThreads: 2, idleTimeout: 30000, queueSize: 100 } },
      upstream: UPSTREAM,
    });
    expect(config.acp.codex).toMatchObject({
      transport: 'websocket',
      streaming: true,
      maxMessageSize: 104_857_600,
      keepAliveInterval: 30_000,
    });
    expect(config.acp.subagent.transport).toBe('websocket');
    expect(config.agents.threadPool).toMatchObject({ maxThreads: 10, minThreads: 2, queueSize: 100 });
  });

  it('of security too', () => {
    const websocket = { enabled: true, handshakeAuth: 'BearerToken', messageAuth: 'JWT', heartbeatInterval: 15000 };
    const { security } = accepted({ auth: { tokens: ['t'] }, security: { websocket }, upstream: UPSTREAM });
    expect(security.websocket).toEqual({ ...DEFAULTS.websocketSecurity, ...websocket });
  });

  it('of telemetry too: shares are from 0 to 1, files lie beside the configuration', () => {
    const found = problems({ telemetry: { metrics: 1, traceRatio: 1.1, tracesFilesMax: 0 }, upstream: UPSTREAM });
    expect(found.map(({ path }) => path)).toEqual(['telemetry.metrics', 'telemetry.traceRatio', 'telemetry.tracesFilesMax']);
    const { telemetry } = accepted({
      telemetry: { traceRatio: 0.01, tracesFile: 'traces.jsonl', tracesFileBytesMax: '1MB' },
      upstream: UPSTREAM,
    });
    expect(telemetry).toMatchObject({ traceRatio: 0.01, tracesFile: join(folder, 'traces.jsonl'), tracesFileBytesMax: 1024 * 1024 });
  });

  it('grant an agent nothing that is granted to another', () => {
    const codex = { tools: ['compute'], threads: 'own', module: 'agent.ts', toolRoundsMax: 3 };
    const { acp } = accepted({ acp: { codex }, agents: { threadPool: { maxThreads: 2 } }, upstream: UPSTREAM });
    expect(acp.codex).toMatchObject({ ...codex, module: join(folder, 'agent.ts') });
    expect(acp.subagent).toMatchObject({ tools: [], threads: 'shared', toolRoundsMax: 3 });
    expect(acp.subagent.module).toBeUndefined();
  });

  it('may differ between agents only where the listener allows it', () => {
    const acp = { codex: { maxMessageSize: '1MB' }, subagent: { streaming: false, maxMessageSize: '2MB', transport: 'any' } };
    expect(problems({ acp, upstream: UPSTREAM })).toEqual([
      { path: 'acp.subagent.maxMessageSize', seen: '"2MB"', expected: '1048576, as for codex: all agents share the listener' },
    ]);
  });
});

describe('problems', () => {
  it('are all listed at once: of fields, between fields, and outside the file', () => {
    const found = problems({
      gatway: {},
      gateway: { host: '0.0.0.0', port: 1.5, prot: 1, tls: { key: 'missing.pem', cert: 7 } },
      acp: { defaultAgent: 'subagent', allowedAgents: ['codex'] },
      agents: { threadPool: { maxThreads: 2, minThreads: 4 } },
      upstream: { url: 'ftp://x', envelope: 'binary', connection: 'multiplexed', apiKey: { env: 'ABSENT' } },
      turnTimeoutMs: '3',
      faults: { cpuMicrosPerToken: 1 },
    });
    expect(Object.fromEntries(found.map(({ path, seen }) => [path, seen]))).toEqual({
      'acp.defaultAgent': '"subagent"',
      'agents.threadPool.minThreads': '4',
      faults: 'an object',
      'gateway.host': '"0.0.0.0"',
      'gateway.port': '1.5',
      'gateway.prot': 'an unknown key',
      'gateway.tls.cert': '7',
      'gateway.tls.key': '"missing.pem" (ENOENT)',
      gatway: 'an unknown key',
      turnTimeoutMs: '"3"',
      upstream: 'sse/binary/multiplexed',
      'upstream.apiKey': 'environment variable ABSENT, not set',
      'upstream.url': '"ftp://x"',
    });
  });

  it('say what a misspelt key may have meant', () => {
    const hints = problems({ gatway: {}, prot: 1, gateway: { prot: 1, threadPool: {} }, upstream: UPSTREAM }).map(({ path, hint }) => [
      path,
      hint,
    ]);
    expect(hints).toEqual([
      ['gateway.prot', 'did you mean "port"?'],
      ['gateway.threadPool', 'did you mean "agents.threadPool"?'],
      ['gatway', 'did you mean "gateway"?'],
      ['prot', undefined],
    ]);
  });

  it('never repeat a secret', () => {
    const found = problems({
      auth: { tokens: ['s3cr3t with spaces', 5] },
      upstream: { url: 'http://u:s3cr3t@x', headers: { 'x-key': 's3cr3t\n', authorization: 's3cr3t' }, apiKey: 's3 cr3t s3cr3t' },
    });
    expect(found.map(({ path }) => path)).toEqual([
      'auth.tokens[0]',
      'auth.tokens[1]',
      'upstream.apiKey',
      'upstream.headers.x-key',
      'upstream.url',
    ]);
    expect(JSON.stringify(found)).not.toContain('s3cr3t');
  });

  it.each([
    ['a number', 5],
    ['nothing', undefined],
    ['null', null],
    ['an array', []],
  ])('name the whole file when it is %s', (_what, input) => {
    expect(paths(input)).toEqual(['$']);
  });
});

describe('rules between fields', () => {
  it.each([
    ['loopback needs no tokens', { gateway: { host: '127.3.2.1' } }, []],
    ['other hosts do', { gateway: { host: '10.0.0.1' } }, ['gateway.host']],
    ['and are fine with them', { gateway: { host: '10.0.0.1' }, auth: { tokens: ['abc'] } }, []],
    ['WebSocket security needs tokens', { security: { websocket: { enabled: true } } }, ['security.websocket.enabled']],
    ['two ports are two ports', { gateway: { port: 7000, adminPort: 7000 } }, ['gateway.adminPort']],
    ['free ports never clash', { gateway: { port: 0, adminPort: 0 }, telemetry: { metrics: true, metricsPort: 0 } }, []],
    ['three are three', { telemetry: { metrics: true, metricsPort: DEFAULTS.gateway.port } }, ['telemetry.metricsPort']],
    ['where the third is wanted', { telemetry: { metricsPort: DEFAULTS.gateway.adminPort } }, []],
    ['chat has no deltas', { upstream: { ...UPSTREAM, history: 'delta' } }, ['upstream.history']],
    ['responses has', { upstream: { ...UPSTREAM, envelope: 'responses', history: 'delta' } }, []],
    ['binary is no text', { upstream: { ...UPSTREAM, envelope: 'binary' } }, ['upstream']],
    ['sse has one stream a connection', { upstream: { ...UPSTREAM, connection: 'multiplexed' } }, ['upstream']],
    ['memory is within one process', { upstream: { ...UPSTREAM, transport: 'memory' } }, ['upstream.transport']],
    ['ws is for websocket', { upstream: { url: 'ws://h:1' } }, ['upstream.url']],
    ['a CA is for TLS', { upstream: { ...UPSTREAM, tls: {} } }, ['upstream.tls']],
    ['one authorization', { upstream: { ...UPSTREAM, apiKey: 'k', headers: { Authorization: 'x' } } }, ['upstream.headers.Authorization']],
    [
      'the transport has headers of its own',
      { upstream: { ...UPSTREAM, headers: { 'Content-Type': 'x' } } },
      ['upstream.headers.Content-Type'],
    ],
    [
      'each thread has a connection',
      { agents: { execution: 'thread', threadPool: { maxThreads: 4 } }, upstream: { ...UPSTREAM, connectionsMax: 3 } },
      ['upstream.connectionsMax'],
    ],
    ['inline has no threads', { agents: { threadPool: { maxThreads: 4 } }, upstream: { ...UPSTREAM, connectionsMax: 3 } }, []],
    [
      'own threads leave one for the others',
      { acp: { codex: { threads: 'own' } }, agents: { execution: 'thread', threadPool: { maxThreads: 1 } } },
      ['agents.threadPool.maxThreads'],
    ],
    [
      'unless there are no others',
      {
        acp: { allowedAgents: ['codex'], codex: { threads: 'own' } },
        agents: { execution: 'thread', threadPool: { maxThreads: 1 } },
      },
      [],
    ],
    [
      'spare processes are some of all',
      { agents: { processPool: { maxProcesses: 1, minProcesses: 2 } } },
      ['agents.processPool.minProcesses'],
    ],
    ['one kind of workspaces', { agents: { workspaces: { folder: 'a', fixed: 'b' } } }, ['agents.workspaces.fixed']],
    ['exec needs programs', { acp: { codex: { tools: ['exec'] } } }, ['agents.commands.programs']],
    ['subagent has no tools', { acp: { subagent: { tools: ['compute'] } } }, ['acp.subagent.tools']],
    [
      'signed messages need security',
      { security: { websocket: { messageAuth: 'JWT', heartbeatInterval: 1 } } },
      ['security.websocket.enabled'],
    ],
    [
      'what is required must be there',
      { auth: { tokens: ['t'] }, security: { websocket: { enabled: true, requireMessageAuth: true } } },
      ['security.websocket.messageAuth'],
    ],
  ])('%s', (_rule, over, expected) => {
    expect(paths({ upstream: UPSTREAM, ...over })).toEqual(expected);
  });

  it('accept faults only where the command line does', () => {
    const faults = {
      cpuMicrosPerToken: 20,
      extraBytesPerToken: 8,
      delayMs: { admission: 5, dispatch: 1, agent: 1, upstream: 1, serialise: 1 },
    };
    expect(paths({ faults, upstream: UPSTREAM })).toEqual(['faults']);
    expect(accepted({ faults, upstream: UPSTREAM }, { allowFaults: true }).faults).toEqual(faults);
  });
});

describe('sizes', () => {
  it.each([
    ['64KB', 65_536],
    ['100MB', 104_857_600],
    ['1GB', 1_073_741_824],
    ['2048B', 2_048],
    [2048, 2_048],
  ])('%s', (written, bytes) => {
    expect(accepted({ gateway: { streamBufferBytesMax: written }, upstream: UPSTREAM }).gateway.streamBufferBytesMax).toBe(bytes);
  });

  it.each(['100', '1.5MB', '100 MB', '2GB', '1TB', '-1KB', 1023, true])('%s is none', (written) => {
    expect(paths({ gateway: { streamBufferBytesMax: written }, upstream: UPSTREAM })).toEqual(['gateway.streamBufferBytesMax']);
  });
});

describe('secrets', () => {
  it('come from the file or the environment, and never show', () => {
    const config = accepted(
      { auth: { tokens: ['in-file', { env: 'TOKEN' }] }, upstream: { ...UPSTREAM, apiKey: { env: 'KEY' }, headers: { 'x-a': 'hidden' } } },
      { env: { TOKEN: 'from-env', KEY: 'sk-1' } },
    );
    expect(config.auth.tokens.map((token) => token.reveal())).toEqual(['in-file', 'from-env']);
    expect(config.upstream.apiKey?.reveal()).toBe('sk-1');
    const shown = JSON.stringify(config);
    for (const secret of ['in-file', 'from-env', 'sk-1', 'hidden']) expect(shown).not.toContain(secret);
  });

  it('are refused with the name of the variable when that is set to nonsense', () => {
    expect(problems({ auth: { tokens: [{ env: 'T' }] }, upstream: UPSTREAM }, { env: { T: 'two words' } })).toMatchObject([
      { path: 'auth.tokens[0]', seen: 'environment variable T, set to something else (not shown)' },
    ]);
  });
});

describe('files', () => {
  it('that the configuration names lie beside it', () => {
    const { key, cert } = testCertificate();
    const tls = { key: write('key.pem', key), cert: write('cert.pem', cert) };
    const config = accepted({
      gateway: { tls },
      auth: { tokensFile: write('tokens', '# two\nabc\n\ndef\n') },
      upstream: { url: 'https://127.0.0.1:1', tls: { caFile: 'cert.pem' } },
    });
    expect(config.gateway.tls?.key.reveal()).toBe(key);
    expect(config.auth.tokensFile).toBe(join(folder, 'tokens'));
    expect(config.upstream.tls?.caFile).toBe(cert);
  });

  it('are checked for what they should be', () => {
    write('notes.txt', 'no certificate');
    write('bad-tokens', 'good\nnot good\n');
    write('no-tokens', '# none\n');
    const tls = { key: 'notes.txt', cert: 'notes.txt' };
    expect(paths({ gateway: { tls }, auth: { tokensFile: 'bad-tokens' }, upstream: UPSTREAM })).toEqual(['auth.tokensFile', 'gateway.tls']);
    expect(problems({ auth: { tokensFile: 'bad-tokens' }, upstream: UPSTREAM })[0]?.seen).toContain('line 2');
    expect(problems({ auth: { tokensFile: 'no-tokens' }, upstream: UPSTREAM })[0]?.seen).toContain('no tokens');
  });

  it('that are no JSON are refused without quoting them', () => {
    const context = { env: {}, allowFaults: false };
    expect(loadConfig(join(folder, 'absent.json'), context)).toMatchObject({
      problems: [{ path: '$', seen: expect.stringContaining('ENOENT') }],
    });
    const broken = loadConfig(join(folder, write('broken.json', '{\n  "auth": s3cr3t\n}')), context);
    expect(broken).toMatchObject({ ok: false, problems: [{ path: '$', seen: 'text that is no JSON (near line 2)' }] });
    const cut = loadConfig(join(folder, write('cut.json', '{\n  "auth": {')), context);
    expect(cut).toMatchObject({ ok: false, problems: [{ path: '$', seen: 'text that is no JSON (line 2 column 12)' }] });
  });
});

describe('the JSON Schema', () => {
  const validate = new Ajv2020({ strict: false }).compile(configSchema());

  it.each([
    ['the least', { upstream: UPSTREAM }, true],
    ['sizes as text', { upstream: UPSTREAM, responses: { storeBytesMax: '1MB' } }, true],
    ['tokens from the environment', { upstream: UPSTREAM, auth: { tokens: ['a', { env: 'B' }] } }, true],
    ['unknown keys', { upstream: { ...UPSTREAM, ulr: 1 } }, false],
    ['no upstream', {}, false],
    ['fractions', { upstream: UPSTREAM, gateway: { port: 1.5 } }, false],
    ['a share above 1', { upstream: UPSTREAM, telemetry: { traceRatio: 2 } }, false],
    ['wrong words', { upstream: { ...UPSTREAM, envelope: 'xml' } }, false],
  ])('judges as the parser does: %s', (_what, input, valid) => {
    expect(validate(input)).toBe(valid);
    expect(parse(input, { env: { B: 'b' } }).ok).toBe(valid);
  });

  it.each(['gateway', 'auth', 'upstream', 'responses', 'telemetry', 'logging'] as const)('tells the defaults of %s', (name) => {
    const schema = configSchema() as unknown as { properties: Record<string, { properties: Record<string, { default?: unknown }> }> };
    const told = Object.entries(schema.properties[name]?.properties ?? {}).flatMap(([key, field]) =>
      'default' in field ? [[key, field.default]] : [],
    );
    expect(Object.fromEntries(told)).toEqual(DEFAULTS[name]);
  });
});

describe('closest', () => {
  it('finds words within two edits, swaps included', () => {
    expect(closest('prot', ['host', 'port', 'tls'])).toBe('port');
    expect(closest('MAXTHREADS', ['minThreads', 'maxThreads'])).toBe('maxThreads');
    expect(closest('zzzz', ['port'])).toBeUndefined();
    expect(editDistance('abc', 'acb')).toBe(1);
  });

  it('measures a distance: zero only for equals, the same both ways', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });
});
