/**
 * The shape of `openclaw.json`: one table from which a file is checked, completed with defaults, and described as a
 * JSON Schema. Values that live outside the file (environment variables, tokens, certificates) are fetched while
 * checking, so that their absence is listed together with everything else that is wrong.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { CONNECTIONS, ENVELOPES, EXECUTIONS } from '../../transports/contract.ts';
import { AGENT_NAMES, type AgentName, TOOL_NAMES } from '../agents/names.ts';
import { readTokensFile, TOKEN_EXPECTED, TOKEN_PATTERN } from '../tokens.ts';
import { DEFAULTS } from './defaults.ts';
import { flag, integer, milliseconds, oneOf, section, size, text } from './fields.ts';
import { Secret } from './secret.ts';
import { telemetry } from './telemetry.ts';

/** What checking a configuration depends on besides the file. */
export interface ConfigContext {
  /** Relative file names count from here: the folder of the configuration file. */
  folder: string;
  env: Readonly<Record<string, string | undefined>>;
  allowFaults: boolean;
}

const GB = 1024 ** 3;

function secret(context: ConfigContext, expected: string, pattern: RegExp) {
  const error = `${expected}, or {"env": "NAME"} for the value of an environment variable`;
  const reference = section({ env: text('the name of an environment variable', /^[A-Za-z_]\w*$/) }, error);
  return z.union([text(error, pattern), reference], { error }).transform((value, refinement) => {
    const found = typeof value === 'string' ? value : context.env[value.env];
    if (found !== undefined && pattern.test(found)) return new Secret(found);
    const seen = `environment variable ${typeof value === 'string' ? '' : value.env}, ${found === undefined ? 'not set' : 'set to something else (not shown)'}`;
    refinement.addIssue({ code: 'custom', message: expected, params: { seen } });
    return z.NEVER;
  });
}

function fileName(expected: string) {
  return text(`the name of ${expected}`, /./);
}

/** The file's content in place of its name. */
function file(context: ConfigContext, expected: string) {
  return fileName(expected).transform((name, refinement) => {
    try {
      return readFileSync(resolve(context.folder, name), 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      refinement.addIssue({ code: 'custom', message: `the name of ${expected}`, params: { seen: `${JSON.stringify(name)} (${code})` } });
      return z.NEVER;
    }
  });
}

function gateway(context: ConfigContext) {
  const D = DEFAULTS.gateway;
  const pem = (what: string) => file(context, what).transform((content) => new Secret(content));
  return section({
    host: text('a host name or address', /^[\w.:-]+$/)
      .describe('Address to listen on. Other than loopback needs auth.')
      .default(D.host),
    port: integer(0, 65_535).describe('Port for all transports; 0 takes a free one.').default(D.port),
    adminPort: integer(0, 65_535).describe('Port of the status page, always on loopback; 0 takes a free one.').default(D.adminPort),
    tls: section({ key: pem('a PEM file with the key'), cert: pem('a PEM file with the certificate chain') }).optional(),
    allowedOrigins: z
      .array(text('an origin, like "https://example.org"', /^https?:\/\/[^/]+$/))
      .describe('Browser pages that may connect; requests without an Origin header are no matter of this.')
      .default([...D.allowedOrigins]),
    flushMs: integer(0, 1_000, 'milliseconds')
      .describe('How long tokens may wait to share a write; 0: one pass of the event loop.')
      .default(D.flushMs),
    compression: flag().describe('permessage-deflate on WebSockets.').default(D.compression),
    shutdownTimeoutMs: milliseconds(0, 600_000).describe('Grace for turns in flight at shutdown.').default(D.shutdownTimeoutMs),
    connectionsMax: integer(1, 1_000_000).default(D.connectionsMax),
    connectionsPerClientMax: integer(0, 1_000_000)
      .describe('Connections of one client (its token, without tokens its address) at once; 0: no limit of its own.')
      .default(D.connectionsPerClientMax),
    connectionsPerSecondMax: integer(0, 1_000_000)
      .describe('Handshakes and connections of one address a second, with as many at once; 0: no limit.')
      .default(D.connectionsPerSecondMax),
    turnsPerSecondMax: integer(0, 1_000_000)
      .describe('Turns of one client a second, with as many at once; 0: no limit.')
      .default(D.turnsPerSecondMax),
    handshakeTimeoutMs: milliseconds(10)
      .describe('From accept to the end of the headers, or to the upgrade.')
      .default(D.handshakeTimeoutMs),
    requestTimeoutMs: milliseconds(10)
      .describe("From the end of the headers to the end of the request's body.")
      .default(D.requestTimeoutMs),
    connectionLifetimeMs: milliseconds(1_000)
      .describe('After this, a WebSocket connection takes no new turns.')
      .default(D.connectionLifetimeMs),
    stallTimeoutMs: milliseconds(10).describe('A peer that takes nothing for this long is disconnected.').default(D.stallTimeoutMs),
    streamsInFlightMax: integer(1, 100_000)
      .describe('Turns in flight on one WebSocket connection; further ones wait.')
      .default(D.streamsInFlightMax),
    streamsWaitingMax: integer(0, 100_000).describe('Turns that may wait on one WebSocket connection.').default(D.streamsWaitingMax),
    namedStreamsMax: integer(1, 100_000).describe('Distinct stream ids over the life of a connection.').default(D.namedStreamsMax),
    streamBufferBytesMax: size(1024, GB)
      .describe('Events held for a stream whose client does not take them.')
      .prefault(D.streamBufferBytesMax),
  });
}

function auth(context: ConfigContext) {
  return section({
    tokens: z
      .array(secret(context, TOKEN_EXPECTED, TOKEN_PATTERN))
      .describe('Bearer tokens, any of which lets a client in.')
      .prefault([...DEFAULTS.auth.tokens]),
    tokensFile: fileName('a file with one token a line')
      .transform((name, refinement) => {
        const path = resolve(context.folder, name);
        const read = readTokensFile(path);
        if (read.ok) return path;
        refinement.addIssue({ code: 'custom', message: 'a file with one token a line', params: { seen: read.problem } });
        return z.NEVER;
      })
      .describe('One token a line; read again at SIGHUP.')
      .optional(),
  });
}

const inherited = (key: keyof typeof DEFAULTS.agent) => ({
  description: `Of other agents than the default one: as for that.`,
  default: DEFAULTS.agent[key],
});

function agent(context: ConfigContext) {
  return section({
    transport: oneOf(['any', 'websocket', 'http']).optional().meta(inherited('transport')),
    streaming: flag().optional().meta(inherited('streaming')),
    maxMessageSize: size(1024, GB).optional().meta(inherited('maxMessageSize')),
    keepAliveInterval: integer(0, 3_600_000, 'milliseconds; 0: none').optional().meta(inherited('keepAliveInterval')),
    tools: z
      .array(oneOf(TOOL_NAMES))
      .describe(
        'Tools that the agent itself runs, in the workspace of the session; none: it relays inferences, and tool calls are the client’s.',
      )
      .optional()
      .meta(inherited('tools')),
    toolRoundsMax: integer(1, 1_000)
      .describe('Inferences of one turn whose tool calls the agent answers.')
      .optional()
      .meta(inherited('toolRoundsMax')),
    threads: oneOf(['shared', 'own'])
      .describe('"own": its turns never share a thread with those of other agents, and leave them one.')
      .optional()
      .meta(inherited('threads')),
    module: fileName('a module whose default export is an agent')
      .transform((name) => resolve(context.folder, name))
      .describe(
        'Runs in place of the agent of this name. It runs with the rights of the execution mode; see the documentation on containment.',
      )
      .optional(),
  });
}

type AgentSection = z.output<ReturnType<typeof agent>>;

export type AgentConfig = { [Key in Exclude<keyof AgentSection, 'module'>]-?: NonNullable<AgentSection[Key]> } & {
  module?: string | undefined;
};

function acp(context: ConfigContext) {
  const D = DEFAULTS.acp;
  return section({
    defaultAgent: oneOf(AGENT_NAMES).describe('Answers turns that name no agent.').default(D.defaultAgent),
    allowedAgents: z
      .array(oneOf(AGENT_NAMES))
      .min(1, { error: 'at least one agent' })
      .default([...D.allowedAgents]),
    codex: agent(context).optional(),
    subagent: agent(context).optional(),
  } satisfies Record<AgentName, unknown> & Record<string, unknown>);
}

function agents(context: ConfigContext) {
  const D = DEFAULTS.agents;
  const P = DEFAULTS.threadPool;
  const R = DEFAULTS.processPool;
  const Q = DEFAULTS.quotas;
  const W = DEFAULTS.workspaces;
  const C = DEFAULTS.commands;
  return section({
    execution: oneOf(EXECUTIONS)
      .describe('Where agents run: on the main thread, in the pool of threads, or in processes of their own.')
      .default(D.execution),
    allowExecutionOverride: flag().describe('Lets a turn choose its execution itself.').default(D.allowExecutionOverride),
    threadPool: section({
      maxThreads: integer(1, 256).default(P.maxThreads),
      minThreads: integer(1, 256).describe('Started at once; a further thread starts when all are full. Default: maxThreads.').optional(),
      idleTimeout: milliseconds(0).describe('After this an idle thread beyond minThreads ends.').default(P.idleTimeout),
      queueSize: integer(0, 100_000).describe('Turns that may wait while all threads are full.').default(P.queueSize),
      turnsPerThread: integer(1, 100_000).describe('Turns at once in one thread.').default(P.turnsPerThread),
    }).prefault({}),
    processPool: section({
      maxProcesses: integer(1, 256).default(R.maxProcesses),
      minProcesses: integer(0, 256)
        .describe(
          'Kept ready, since a process takes long to start: where agents have no files, or all one workspace; else a process is started for its session.',
        )
        .default(R.minProcesses),
      idleTimeout: milliseconds(0).describe('After this the process of an idle session ends.').default(R.idleTimeout),
      queueSize: integer(0, 100_000).describe('Turns that may wait while all processes are taken.').default(R.queueSize),
      turnsPerProcess: integer(1, 100_000).describe('Turns at once in one process, all of one session.').default(R.turnsPerProcess),
    }).prefault({}),
    cancelGraceMs: milliseconds(0, 600_000)
      .describe('A cancelled turn is told to stop; if it has not after this, its thread or process is killed.')
      .default(D.cancelGraceMs),
    quotas: section({
      cpuMs: integer(0, 24 * 3_600_000, 'milliseconds; 0: none')
        .describe('Processor time of one turn.')
        .default(Q.cpuMs),
      memory: size(0, 64 * GB)
        .describe('Of one thread, heap and buffers, or of one process; 0: none.')
        .prefault(Q.memory),
      warnRatio: z
        .number({ error: 'a number from 0.1 to 1' })
        .min(0.1, { error: 'a number from 0.1 to 1' })
        .max(1, { error: 'a number from 0.1 to 1' })
        .describe('The part of a quota at which a warning is logged.')
        .default(Q.warnRatio),
    })
      .describe('Of turns in threads and processes; turnTimeoutMs is the quota of time for all.')
      .prefault({}),
    workspaces: section({
      folder: fileName('a folder')
        .transform((name) => resolve(context.folder, name))
        .describe('Where sessions have their files, one folder each. Default: a temporary one, gone with the gateway.')
        .optional(),
      fixed: fileName('a folder')
        .transform((name) => resolve(context.folder, name))
        .describe('One folder for all sessions instead, which is never removed: for a gateway of one user.')
        .optional(),
      idleTimeoutMs: milliseconds(1_000).describe('After this the files of an idle session are removed.').default(W.idleTimeoutMs),
      workspacesMax: integer(1, 1_000_000).describe('The least recently used go first.').default(W.workspacesMax),
    }).prefault({}),
    commands: section({
      programs: z
        .array(text('a program name like "python3", or "./*" for files of the workspace', /^[^\s]+$/))
        .describe('What the tool exec may start: python3, node, other programs by name, and "./*" for executables of the workspace.')
        .prefault([...C.programs]),
      timeoutMs: milliseconds(1).describe('After this the whole process group is killed.').default(C.timeoutMs),
      outputBytesMax: size(1024, GB)
        .describe('Of one command, kept for the LLM; the rest is dropped and said so.')
        .prefault(C.outputBytesMax),
      concurrentMax: integer(1, 10_000).describe('Commands at once.').default(C.concurrentMax),
    }).prefault({}),
  });
}

function security() {
  const D = DEFAULTS.websocketSecurity;
  return section({
    websocket: section({
      enabled: flag()
        .describe('Requires authentication of WebSocket handshakes, so that a gateway without tokens does not start.')
        .default(D.enabled),
      handshakeAuth: oneOf(['BearerToken']).default(D.handshakeAuth),
      messageAuth: oneOf(['none', 'JWT'])
        .describe('"JWT": clients that offer the subprotocol gatebench.session.v1 sign each message.')
        .default(D.messageAuth),
      requireMessageAuth: flag().describe('Refuses WebSocket connections without that subprotocol.').default(D.requireMessageAuth),
      heartbeatInterval: integer(0, 3_600_000, 'milliseconds; 0: none')
        .describe('A challenge each interval; a peer that has not answered two is disconnected with code 4408.')
        .default(D.heartbeatInterval),
      sessionLifetimeMs: milliseconds(1_000)
        .describe('Of a session token; after that its messages are refused.')
        .default(D.sessionLifetimeMs),
      allowedEnv: z
        .array(text('the name of an environment variable', /^[A-Za-z_]\w*$/))
        .describe('Variables that a client may set for its agents in the handshake message.')
        .default([...D.allowedEnv]),
    }).prefault({}),
  });
}

function upstream(context: ConfigContext) {
  const D = DEFAULTS.upstream;
  const url = 'a URL like "http://127.0.0.1:8000", of scheme http, https, ws or wss, without user, query or fragment';
  return section(
    {
      url: z
        .string({ error: url })
        .refine(isUpstreamUrl, { error: url })
        .describe("The LLM. A path other than / replaces the envelope's own (/v1/chat/completions, /v1/responses, …)."),
      transport: oneOf(['http', 'sse', 'sse-h2', 'websocket']).default(D.transport),
      envelope: oneOf(ENVELOPES).default(D.envelope),
      connection: oneOf(CONNECTIONS).default(D.connection),
      connectionsMax: integer(1, 1_000_000).describe('With threads, divided among them.').default(D.connectionsMax),
      streamsPerConnection: integer(1, 100_000).describe('Turns at once on a multiplexed connection.').default(D.streamsPerConnection),
      waitingMax: integer(0, 1_000_000)
        .describe('Turns that may wait for a connection. With threads, divided among them.')
        .default(D.waitingMax),
      connectTimeoutMs: milliseconds(10).default(D.connectTimeoutMs),
      replyTimeoutMs: milliseconds(0)
        .describe('To the first byte of the reply, and between reads after that; 0: none.')
        .default(D.replyTimeoutMs),
      messageBytesMax: size(1024, GB).prefault(D.messageBytesMax),
      compression: flag().default(D.compression),
      tls: section({ caFile: file(context, 'a PEM file with the certificates to trust').optional() }).optional(),
      headers: z
        .record(
          text('a header name', /^[!#$%&'*+.^_`|~\w-]+$/),
          text('a header value: printable characters', /^[\t\x20-\x7e\x80-\xff]*$/).transform((value) => new Secret(value)),
          { error: ({ code }) => (code === 'invalid_key' ? 'a header name' : 'an object of headers') },
        )
        .prefault({ ...D.headers }),
      apiKey: secret(context, 'an API key: printable characters without spaces', /^[\x21-\x7e]+$/)
        .describe('Sent as Authorization: Bearer.')
        .optional(),
      history: oneOf(['full', 'delta']).describe('Earlier messages are resent, or named by previous_response_id.').default(D.history),
      models: z
        .array(text('a model name', /./))
        .min(1, { error: 'at least one model' })
        .describe('If given, other models are refused.')
        .optional(),
    },
    'an object with at least the key url',
  );
}

export function isUpstreamUrl(value: string): boolean {
  const url = URL.parse(value);
  if (!url || !/^(https?|wss?):$/.test(url.protocol)) return false;
  return url.hostname !== '' && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}

function faults() {
  const delay = milliseconds(0, 60_000).optional();
  return section({
    delayMs: section({
      admission: delay,
      queue: delay,
      dispatch: delay,
      agent: delay,
      upstream: delay.describe('To the first token.'),
      upstreamStreaming: delay.describe('All that comes after the first token.'),
      serialise: delay,
    })
      .describe('Each phase of a turn takes this much longer. For back-pressure, let a client read slowly.')
      .optional(),
    cpuMicrosPerToken: integer(0, 1_000_000, 'microseconds').optional(),
    extraBytesPerToken: integer(0, 65_536, 'bytes')
      .describe('Padding for each event of text, in the envelopes chat and responses (their field obfuscation).')
      .optional(),
  });
}

export function shape(context: ConfigContext) {
  return section({
    $schema: z.string({ error: 'the address of a JSON Schema' }).optional(),
    gateway: gateway(context).prefault({}),
    auth: auth(context).prefault({}),
    acp: acp(context).prefault({}),
    agents: agents(context).prefault({}),
    security: security().prefault({}),
    upstream: upstream(context),
    responses: section({
      storeMax: integer(0, 10_000_000)
        .describe('Finished responses that previous_response_id may name; the least recently used go first.')
        .default(DEFAULTS.responses.storeMax),
      storeBytesMax: size(0, 64 * GB)
        .describe('Bytes of their messages.')
        .prefault(DEFAULTS.responses.storeBytesMax),
    }).prefault({}),
    turnTimeoutMs: milliseconds(1).describe('A turn that takes longer ends as timed out.').default(DEFAULTS.turnTimeoutMs),
    telemetry: telemetry(context).prefault({}),
    logging: section({
      level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default(DEFAULTS.logging.level),
      file: fileName('a log file')
        .transform((name) => resolve(context.folder, name))
        .describe('Default: standard error.')
        .optional(),
      fileBytesMax: size(1024, GB).describe('A larger log file is put aside and a new one begun.').prefault(DEFAULTS.logging.fileBytesMax),
      filesMax: integer(1, 1_000).describe('Log files kept, the current one included.').default(DEFAULTS.logging.filesMax),
    }).prefault({}),
    faults: faults().describe('Deliberate damage, for testing the instrument. Only with --allow-faults.').optional(),
  });
}

export type Shape = z.output<ReturnType<typeof shape>>;
