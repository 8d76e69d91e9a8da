/**
 * Every error code that crosses a wire or stands in a report, with what it means and what to do.
 * Codes are stable: clients switch on them. The documentation's table is checked against this list.
 * Where OpenAI's API has a code for the case, that code is used.
 */

/** The turn or connection was not accepted; nothing was spent on it. */
export const REFUSAL_CODES = {
  invalid_json: 'The body or message is not JSON.',
  invalid_request: 'A field is missing or has the wrong type or value; `param` names it.',
  unknown_parameter: 'The request has fields that this endpoint does not know; the message names them all.',
  unsupported_content: 'Content other than text was sent.',
  unsupported_content_type: 'The content type is not the one that the endpoint takes.',
  unsupported_event: 'A WebSocket message has a `type` that the server does not know.',
  unexpected_binary: 'A binary WebSocket message came where text was due, or the other way round.',
  message_too_large: 'A body or message is larger than `maxMessageSize`.',
  not_found: 'No such path.',
  method_not_allowed: 'The path exists, the method does not.',
  upgrade_required: 'The path is a WebSocket endpoint and the request was no upgrade.',
  unauthorized: 'No token, or not a valid one.',
  forbidden_origin: 'The Origin header is not allowed.',
  model_not_found: 'No such model or agent is configured.',
  previous_response_not_found: 'No stored response has this id; send the whole history.',
  invalid_stream_id: '`stream_id` is not 1–256 letters, digits, `_`, `-` or `.`.',
  websocket_stream_limit_reached: 'The connection has used its 32 distinct stream ids; reuse one or connect anew.',
  websocket_connection_limit_reached: 'The connection has reached its lifetime of 60 minutes; connect anew.',
  queue_full: 'The queue before the agents, or before the upstream, is full; retry after `Retry-After`.',
  rate_limited: 'Too many requests or connections from this client; retry after `Retry-After`.',
  message_auth_required: 'The gateway takes only WebSocket connections whose messages are signed: offer `gatebench.session.v1`.',
  message_auth_impossible: 'A binary envelope and `gatebench.session.v1` were asked for together; only text messages can be signed.',
  hello_expected: 'The first message of a session connection was not a well-formed `gatebench.hello`, or came too late.',
  session_token_invalid: 'The token in `gatebench.hello` is no session token of this server.',
  env_not_allowed: '`gatebench.hello` sets variables that the configuration does not allow; the message names them.',
  session_expired: 'The lifetime of the session is over; connect anew.',
  message_unsigned: 'A message of a session connection is not of the form `{"jwt", "body"}`.',
  message_forged: 'The signature of a message is not by the key of its session: it was altered or made by another.',
  message_altered: 'The body of a message is not the one that was signed.',
  message_replayed: 'A message has a sequence number that was used already.',
  message_out_of_order: 'A message has a sequence number beyond the next one: others are missing before it.',
  message_foreign: 'A message or session token belongs to another connection.',
  message_expired: 'A message came after the time in its `exp`.',
  shutting_down: 'The server is draining and takes no new turns.',
  execution_not_allowed: 'The turn asks for an execution mode and the configuration allows no overrides.',
} as const;
export type RefusalCode = keyof typeof REFUSAL_CODES;

/** The turn was accepted and then failed. */
export const TURN_ERROR_CODES = {
  connect_failed: 'No connection to the upstream could be made.',
  connect_timeout: 'Connecting to the upstream (TLS and upgrade included) took too long.',
  connection_lost: 'The connection closed before the reply was complete.',
  bad_reply: 'The reply was malformed: bad HTTP, SSE, frames, JSON or an unexpected event.',
  reply_too_large: 'A message of the reply was larger than the limit.',
  upstream_status: 'The upstream answered with an error status; the message holds it.',
  upstream_error: 'The upstream sent an error event in its stream.',
  slow_consumer: 'The consumer of the stream did not keep up and its buffer reached its bound.',
  agent_error: 'The agent threw.',
  agent_died: 'The thread or process that ran the agent ended.',
  quota_exceeded: 'The agent exceeded a quota of time, CPU or memory.',
  internal_error: 'A defect in this server; its log has the stack.',
} as const;
export type TurnErrorCode = keyof typeof TURN_ERROR_CODES;

/** How a server closes a WebSocket connection for reasons of its own; those below 4000 are RFC 6455's. */
export const CLOSE_CODES = {
  4401: 'A message was refused; the error event before it says why.',
  4408: 'Two heartbeats were not answered.',
  4429: 'The client sent on after as many turns as it may send in a second had been refused as `rate_limited`.',
} as const;
export type CloseCode = keyof typeof CLOSE_CODES;
