import { execFileSync } from 'node:child_process';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { SCENARIOS } from '../../scenarios/index.ts';
import { arm } from '../arms.ts';
import { modulePath } from '../host/package.ts';
import { gatewayConfig, gatewayKey } from './gateway-config.ts';

const WEBSOCKET = 'websocket/responses/kept>sse/chat/kept/full/thread';

const SURROUNDINGS = { upstreamPort: 8_000, token: 't', cores: 1, tls: undefined, tracesFile: '/traces.jsonl' };

describe('a gateway', () => {
  const config = (id: string, spec = {}) => gatewayConfig(arm(id), spec, SURROUNDINGS);

  it('has tokens and security as its arm says', () => {
    expect(config(WEBSOCKET)).not.toHaveProperty('security');
    expect(config(WEBSOCKET)).not.toHaveProperty('auth');
    const websocket = (id: string) => config(id) as { auth: object; security: { websocket: object } };
    expect(websocket(`${WEBSOCKET}@auth=bearer`)).toMatchObject({
      auth: { tokens: ['t'] },
      security: { websocket: { enabled: true, messageAuth: 'JWT', heartbeatInterval: 0 } },
    });
    expect(websocket(`${WEBSOCKET}@auth=message,heartbeatMs=1000`)).toMatchObject({
      security: { websocket: { enabled: true, messageAuth: 'JWT', heartbeatInterval: 1_000 } },
    });
  });

  it('has telemetry as its arm says', () => {
    const telemetry = (id: string) => (config(id) as { telemetry?: object }).telemetry;
    expect(telemetry(WEBSOCKET)).toBeUndefined();
    expect(telemetry(`${WEBSOCKET}@telemetry=metrics`)).toEqual({ metrics: true, metricsPort: 0 });
    for (const traced of ['traces1', 'all']) {
      const expected = { metrics: true, metricsPort: 0, tracesFile: '/traces.jsonl' };
      expect(telemetry(`${WEBSOCKET}@telemetry=${traced}`)).toEqual(expected);
    }
  });

  it('has tools, threads and a queue as its scenario says', () => {
    const spec = { compute: true, ownThreads: true, threadsMax: 'cores + 1', turnsPerThread: 4, queueSize: 16 } as const;
    expect(config(WEBSOCKET, spec)).toMatchObject({
      acp: { codex: { tools: ['compute'], threads: 'own' } },
      agents: { execution: 'thread', threadPool: { maxThreads: 2, turnsPerThread: 4, queueSize: 16 } },
    });
    expect(config(WEBSOCKET.replace('thread', 'process'), spec)).toMatchObject({
      agents: { execution: 'process', processPool: { turnsPerProcess: 4, queueSize: 16 } },
    });
  });

  it('is told nothing that its arm does not need, since an older one might not know it', () => {
    const { acp, agents } = config(WEBSOCKET) as { acp: object; agents: object };
    expect(Object.keys(acp)).toEqual(['defaultAgent', 'allowedAgents']);
    expect(agents).toEqual({ execution: 'thread', threadPool: { turnsPerThread: 4_096, queueSize: 10_000 } });
  });

  it('serves all arms that differ only in what the mock LLM and the load do', () => {
    const key = (id: string, spec?: object) => gatewayKey(arm(id), spec);
    for (const same of ['besideUsers=2', 'besideCpu=75,besideUsers=2', 'users=5', 'tokensPerChunk=5', 'arrivals=together']) {
      expect(key(`${WEBSOCKET}@${same}`)).toBe(key(WEBSOCKET));
    }
    for (const other of ['auth=bearer', 'auth=message', 'auth=bearer,heartbeatMs=1000', 'flushMs=1', 'telemetry=metrics']) {
      expect(key(`${WEBSOCKET}@${other}`)).not.toBe(key(WEBSOCKET));
    }
    expect(key(WEBSOCKET, { compute: true })).not.toBe(key(WEBSOCKET));
  });

  it('of every scenario and arm is configured as its own schema says', () => {
    const schema = JSON.parse(
      execFileSync(process.execPath, [modulePath('gateway/main'), '--print-schema'], { encoding: 'utf8' }),
    ) as object;
    const check = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);
    const configs = new Map<string, object>();
    for (const { arms, gateway } of Object.values(SCENARIOS)) {
      const ofGateways = arms.map(arm).filter(({ kind }) => kind === 'gateway');
      for (const of of ofGateways) configs.set(gatewayKey(of, gateway), gatewayConfig(of, gateway ?? {}, SURROUNDINGS));
    }
    expect(configs.size).toBeGreaterThan(15);
    for (const [key, config] of configs) {
      check(config);
      expect(check.errors ?? [], key).toEqual([]);
    }
  });
});
