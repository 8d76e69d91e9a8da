/**
 * `gatebench upstream`: the mock LLM alone, in the foreground, for other people's gateways. What a machine reads goes
 * to standard output, what people read to standard error.
 */
import { parseArgs } from 'node:util';
import type { LatenessFigures } from './admin.ts';
import { LATENESS_P99_US_MAX, measureCapacity, measureLateness } from './capacity.ts';
import { type ParsedConfig, parseConfig } from './config.ts';
import { FAULT_FORMS } from './fault.ts';
import { MODEL_KEYS } from './model.ts';
import { PROFILE_NAMES } from './profiles.ts';
import { startService, type UpstreamService } from './service.ts';

const GRACE_MS = 1_000;
const PORT_DEFAULT = 18_790;

export const UPSTREAM_HELP = `usage: gatebench upstream [options]

A mock LLM that speaks OpenAI's chat completions and Responses API over HTTP, SSE, HTTP/2 and WebSocket,
on one port, with the timing of real models.

  --port N            listen here (${PORT_DEFAULT}; 0 takes a free one)
  --host ADDRESS      and on this address (127.0.0.1)
  --admin-port N      loopback port for GET /stats, POST /ledger/save, POST /ledger/clear (a free one)
  --metrics-port N    loopback port of a page for Prometheus (none)
  --pacing MODE       hybrid: leaves the core to others between tokens; spin: exact, takes a whole core (hybrid)
  --flush-ms N        let events wait this long to share a write (0)
  --compression       permessage-deflate on WebSockets
  --tls-key FILE      serve TLS with this key and
  --tls-cert FILE     this certificate (PEM)
  --token TOKEN       require it as a bearer token
  --measure-capacity  say how many tokens a second this machine can send, and end
  --help

The model's name says how it answers: PROFILE[@key=value,…]
  profiles: ${PROFILE_NAMES.join(', ')}
  keys:     ${MODEL_KEYS.slice(0, 8).join(', ')},
            ${MODEL_KEYS.slice(8).join(', ')}
            (replies end with tools=N calls of tool=NAME, told {"ms": toolMs, "blockMs": toolBlockMs},
            until toolRounds=N rounds of results have come)
A marker in the last user message asks for more: [gatebench key=NAME tokens=N fault=FAULT]
  faults:   ${FAULT_FORMS.slice(0, 5).join(', ')},
            ${FAULT_FORMS.slice(5).join(', ')}
`;

export interface UpstreamIo {
  /** Standard output and standard error. */
  out(text: string): void;
  err(text: string): void;
  /** Ends the service. */
  stopped: AbortSignal;
}

type Command = { kind: 'help' } | { kind: 'measure' | 'run'; parsed: ParsedConfig };

/** @returns the exit status: 0, 1 when it cannot listen, 2 for bad usage. */
export async function runUpstream(argv: readonly string[], io: UpstreamIo = processIo()): Promise<number> {
  const command = readCommand(argv);
  if (command.kind === 'help') {
    io.out(UPSTREAM_HELP);
    return 0;
  }
  if ('problems' in command.parsed) {
    for (const problem of command.parsed.problems) io.err(`gatebench upstream: ${problem}\n`);
    io.err('gatebench upstream --help lists the options\n');
    return 2;
  }
  const { config } = command.parsed;
  if (command.kind === 'measure') return measure(config.pacing, io);
  let service: UpstreamService;
  try {
    service = await startService(config, (code, message) => io.err(`${code}: ${message}\n`));
  } catch (error) {
    io.err(`gatebench upstream: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
  const lateness = await measureLateness(config.pacing);
  const base = `http${config.tls ? 's' : ''}://${config.host.includes(':') ? `[${config.host}]` : config.host}:${service.ports.upstream}`;
  io.err(
    `mock LLM at ${base} (admin at http://127.0.0.1:${service.ports.admin}); Ctrl-C ends it
tokens leave on time: ${describe(lateness)} (${config.pacing} pacing, idle; --measure-capacity finds the ceiling)
try: curl -N ${base}/v1/chat/completions -H 'content-type: application/json' ${config.requireToken === undefined ? '' : "-H 'authorization: Bearer …' "}\\
       -d '{"model":"haiku-4.5-like","stream":true,"messages":[{"role":"user","content":"Hello"}]}'
`,
  );
  io.out(`${JSON.stringify({ ready: 1, protocol: 1, pid: process.pid, ports: service.ports })}\n`);
  if (!io.stopped.aborted) await new Promise((resolve) => io.stopped.addEventListener('abort', resolve, { once: true }));
  await service.close(GRACE_MS);
  return 0;
}

function readCommand(argv: readonly string[]): Command {
  const problems: string[] = [];
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        'admin-port': { type: 'string' },
        'metrics-port': { type: 'string' },
        pacing: { type: 'string' },
        'flush-ms': { type: 'string' },
        compression: { type: 'boolean' },
        'tls-key': { type: 'string' },
        'tls-cert': { type: 'string' },
        token: { type: 'string' },
        'measure-capacity': { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
    if (values.help) return { kind: 'help' };
    const number = (name: 'port' | 'admin-port' | 'metrics-port' | 'flush-ms', fallback: number) => {
      const text = values[name];
      if (text === undefined) return fallback;
      if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
      problems.push(`--${name}: ${JSON.stringify(text)} is no number`);
      return fallback;
    };
    const { 'tls-key': key, 'tls-cert': cert, host, pacing, compression, token: requireToken } = values;
    const value = {
      host,
      ports: {
        upstream: number('port', PORT_DEFAULT),
        admin: number('admin-port', 0),
        ...(values['metrics-port'] === undefined ? {} : { metrics: number('metrics-port', 0) }),
      },
      tls: key === undefined && cert === undefined ? undefined : { key, cert },
      pacing,
      flushMs: number('flush-ms', 0),
      compression,
      requireToken,
    };
    const parsed = parseConfig(value);
    if ('problems' in parsed) problems.push(...parsed.problems);
    return { kind: values['measure-capacity'] ? 'measure' : 'run', parsed: problems.length > 0 ? { problems } : parsed };
  } catch (error) {
    return { kind: 'run', parsed: { problems: [error instanceof Error ? error.message : String(error)] } };
  }
}

async function measure(pacing: 'spin' | 'hybrid', io: UpstreamIo): Promise<number> {
  const capacity = await measureCapacity(pacing);
  const limit = `p99 within ${LATENESS_P99_US_MAX / 1_000} ms`;
  if (!capacity) {
    io.err(`this machine is too busy: even the smallest load did not keep ${limit}\n`);
    return 1;
  }
  const { tokensPerSecond, bounded, lateness } = capacity;
  const rate = `${bounded ? '' : 'at least '}${tokensPerSecond.toLocaleString('en')} tokens a second`;
  io.err(`${rate} (SSE, one connection a stream, ${pacing} pacing, ${limit}): ${describe(lateness)}\n`);
  io.out(`${JSON.stringify({ capacity })}\n`);
  return 0;
}

function describe({ p50Us, p99Us, maxUs }: LatenessFigures): string {
  const show = (us: number | null) => (us === null ? 'unknown' : `${Math.round(us)} µs`);
  return `p50 ${show(p50Us)}, p99 ${show(p99Us)}, at most ${show(maxUs)} late`;
}

function processIo(): UpstreamIo {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  return {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    stopped: stopping.signal,
  };
}
