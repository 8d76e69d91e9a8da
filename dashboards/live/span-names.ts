/**
 * What spans and their attributes are called: the names of OpenTelemetry's conventions (general, HTTP, GenAI) where one
 * exists, `gatebench.*` else. Values from outside are cut, since they are kept.
 */

export const ATTRIBUTES = {
  serviceName: 'service.name',
  serviceVersion: 'service.version',
  processId: 'process.pid',
  threadName: 'thread.name',
  errorType: 'error.type',
  httpMethod: 'http.request.method',
  httpStatus: 'http.response.status_code',
  httpRequestBytes: 'http.request.body.size',
  protocol: 'network.protocol.name',
  operation: 'gen_ai.operation.name',
  agent: 'gen_ai.agent.name',
  conversation: 'gen_ai.conversation.id',
  requestModel: 'gen_ai.request.model',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  /** The turn: its marker's key on the generator's side, the gateway's own number on the other. */
  turn: 'gatebench.turn',
  outcome: 'gatebench.outcome',
  transport: 'gatebench.transport',
  envelope: 'gatebench.envelope',
  connection: 'gatebench.connection',
  execution: 'gatebench.execution',
  requestBytes: 'gatebench.request.bytes',
  textEvents: 'gatebench.text_events',
  /** Generator: actual start − intended start. */
  latenessMs: 'gatebench.lateness_ms',
} as const;

/** `gen_ai.operation.name` of a turn, and what its spans are named after. */
export const OPERATION = 'invoke_agent';

/** As the GenAI conventions name the span of an agent's turn. */
export function turnSpanName(agent: string | undefined): string {
  return agent === undefined || agent === '' ? OPERATION : `${OPERATION} ${agent}`;
}

const CHARACTERS_MAX = 256;

export function cut(value: string): string {
  return value.length <= CHARACTERS_MAX ? value : `${value.slice(0, CHARACTERS_MAX - 1)}…`;
}
