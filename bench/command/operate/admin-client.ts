/**
 * Reads a gateway's admin pages. They may be of another version, or no gateway's at all, so what comes back is checked
 * here for all that is used, once; fields that nobody here knows are kept for `--json`.
 */
import { request } from 'node:http';
import { z } from 'zod';

const TIMEOUT_MS = 5_000;
const BODY_CHARACTERS_MAX = 16 * 1024 * 1024;

const count = z.number();
const known = z.number().nullable();
const quantiles = z.looseObject({ p50: known, p99: known });

const poolSchema = z.looseObject({
  units: count,
  waiting: count,
  dispatchMicros: z.looseObject({ count, p50: known, p99: known }),
  queueWaitMs: quantiles,
  started: count,
  ended: count,
  died: count,
  killed: count,
});

const statusSchema = z.looseObject({
  state: z.string(),
  version: z.string(),
  pid: count,
  startedAt: z.string(),
  uptimeMs: count,
  port: known,
  connections: count,
  sessions: count,
  turns: z.looseObject({
    inFlight: count,
    waiting: count,
    ended: z.record(z.string(), count),
    codes: z.record(z.string(), count),
  }),
  pools: z.record(z.string(), poolSchema),
  quotas: z.looseObject({ warned: count, stopped: count }),
  commands: z.looseObject({ running: count }),
  memory: z.looseObject({ rss: count, heapUsed: count, external: count }),
  cpu: z.looseObject({ userMicros: count, systemMicros: count }),
  window: z.looseObject({
    sinceMs: count,
    loopDelayMs: z.looseObject({ p50: count, p90: count, p99: count, max: count }),
    loopUtilisation: count,
  }),
  log: z.looseObject({
    level: z.string(),
    file: z.string().nullable(),
    currentFile: z.string().nullable(),
    errorsLogged: count,
    lastErrorAt: z.string().nullable(),
    linesDropped: count,
  }),
  config: z.looseObject({
    gateway: z.looseObject({ host: z.string(), tls: z.unknown().optional() }),
    auth: z.looseObject({ tokens: z.array(z.unknown()), tokensFile: z.string().optional() }),
    agents: z.looseObject({
      execution: z.string(),
      allowExecutionOverride: z.boolean(),
      threadPool: z.looseObject({ maxThreads: count, queueSize: count }),
      processPool: z.looseObject({ maxProcesses: count, queueSize: count }),
    }),
  }),
});

const threadSchema = z.looseObject({
  name: z.string(),
  kind: z.string(),
  pid: count,
  state: z.string(),
  agent: z.string().nullable(),
  turns: count,
  ageMs: count,
  cpuMs: known,
  heapUsedBytes: known,
  externalBytes: known,
  rssBytes: known,
  voluntarySwitches: known,
  involuntarySwitches: known,
  runQueueWaitMs: known,
  runQueueWaitRatio: known,
});

const threadsSchema = z.looseObject({ threads: z.array(threadSchema), osThreads: known });

export type GatewayStatus = z.infer<typeof statusSchema>;
export type GatewayThread = z.infer<typeof threadSchema>;
export type GatewayThreads = z.infer<typeof threadsSchema>;

/** `unreachable`: nothing answers there; `stranger`: something does that is no gateway of a version known here. */
export type Asked<T> = { ok: true; value: T } | { ok: false; reason: 'unreachable' | 'stranger'; message: string };

export class AdminClient {
  readonly port: number;

  constructor(port: number) {
    this.port = port;
  }

  status(): Promise<Asked<GatewayStatus>> {
    return this.#ask('GET', '/status', statusSchema);
  }

  threads(): Promise<Asked<GatewayThreads>> {
    return this.#ask('GET', '/threads', threadsSchema);
  }

  /** Begins a new window of measurement. */
  beginWindow(): Promise<Asked<{ begun: true }>> {
    return this.#ask('POST', '/window', z.object({ begun: z.literal(true) }));
  }

  async #ask<T>(method: 'GET' | 'POST', path: string, schema: z.ZodType<T>): Promise<Asked<T>> {
    const where = `http://127.0.0.1:${this.port}${path}`;
    const stranger = (what: string): Asked<T> => ({ ok: false, reason: 'stranger', message: `${where} ${what}` });
    let answer: Answer;
    try {
      answer = await fetchText(method, this.port, path);
    } catch (error) {
      return { ok: false, reason: 'unreachable', message: `${where}: ${(error as Error).message}` };
    }
    if (answer.status !== 200) return stranger(`answers with status ${answer.status}: no gateway that this command knows`);
    let value: unknown;
    try {
      value = JSON.parse(answer.text);
    } catch {
      return stranger('answers with something that is no JSON: no gateway');
    }
    const checked = schema.safeParse(value);
    if (checked.success) return { ok: true, value: checked.data };
    const [first] = checked.error.issues;
    return stranger(`is of another version: ${first?.path.map(String).join('.')} (${first?.message})`);
  }
}

interface Answer {
  status: number;
  text: string;
}

/** No kept connections, so that nothing holds the process up; bounded in time and size. */
function fetchText(method: string, port: number, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const sent = request({ host: '127.0.0.1', port, path, method, agent: false, signal }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (text.length > BODY_CHARACTERS_MAX) response.destroy(new Error('the answer is too large'));
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', (error) => reject(signal.aborted ? new Error(`no answer within ${TIMEOUT_MS} ms`) : error));
    sent.end();
  });
}
