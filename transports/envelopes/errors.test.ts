/** Errors of HTTP replies and streams: our codes survive, foreign ones are sorted in, credentials never come through. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REFUSAL_CODES, TURN_ERROR_CODES } from '../codes.ts';
import { clean, outcomeOfError, readHttpError, writeHttpError } from './errors.ts';

const body = (code: string | null, message = 'no') => JSON.stringify({ error: { message, type: 'some_error', code, param: null } });

describe('an error reply', () => {
  test.each([
    [400, 'invalid_request'],
    [401, 'unauthorized'],
    [402, 'upstream_status'],
    [403, 'unauthorized'],
    [404, 'not_found'],
    [405, 'method_not_allowed'],
    [413, 'message_too_large'],
    [415, 'unsupported_content_type'],
    [422, 'invalid_request'],
    [426, 'upgrade_required'],
    [429, 'rate_limited'],
    [503, 'shutting_down'],
  ])('of status %i with a foreign code is refused as %s', (status, code) => {
    const { outcome } = readHttpError(status, body('their_code'), 7);
    expect(outcome).toEqual({ kind: 'refused', status, code, message: 'their_code: no', retryAfterS: 7 });
  });

  test.each([
    [429, 'queue_full', 'refused'],
    [503, 'queue_full', 'refused'],
    [400, 'previous_response_not_found', 'refused'],
    [502, 'agent_died', 'failed'],
    [500, 'internal_error', 'failed'],
  ])('of status %i with our code %s is %s with it', (status, code, kind) => {
    expect(readHttpError(status, body(code), undefined).outcome).toMatchObject({ kind, code, message: 'no' });
  });

  test('that stands for another outcome is that outcome', () => {
    expect(readHttpError(504, body('timed_out', 'late'), undefined).outcome).toEqual({ kind: 'timedOut', message: 'late' });
    expect(readHttpError(499, body('cancelled'), undefined).outcome).toEqual({ kind: 'cancelled' });
  });

  test.each([
    ['OpenAI', body(null, 'boom'), 'status 500: some_error: boom'],
    ['at the top', '{"object":"error","message":"boom","type":"Bad","code":500}', 'status 500: Bad: boom'],
    ['a string', '{"error":"model not found"}', 'status 500: model not found'],
    ['HTML', '<html>\n  <h1>Bad\tGateway</h1>', 'status 500: <html> <h1>Bad Gateway</h1>'],
    ['nothing', '', 'status 500: '],
    ['an array', '[1]', 'status 500: [1]'],
  ])('in the form of %s gives its message', (_, data, message) => {
    expect(readHttpError(500, data, undefined).outcome).toEqual({ kind: 'failed', code: 'upstream_status', message });
  });

  test('has a message of at most 300 characters, whatever came', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', size: 'large' }), fc.integer({ min: 400, max: 599 }), (text, status) => {
        for (const data of [text, body(text, text)]) {
          const { outcome } = readHttpError(status, data, undefined);
          const message = 'message' in outcome ? outcome.message : '';
          expect(message.length).toBeLessThanOrEqual(outcome.kind === 'refused' ? 1_000 : 300);
          expect(message.isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
    expect(readHttpError(500, 'x'.repeat(10_000), undefined).outcome).toMatchObject({ message: `status 500: ${'x'.repeat(287)}…` });
  });
});

test('in a stream, an error without a status is a failure even if its code is one of ours for refusals', () => {
  expect(outcomeOfError({ code: 'model_not_found', message: 'gone' }, 'upstream_error')).toEqual({
    kind: 'failed',
    code: 'upstream_error',
    message: 'model_not_found: gone',
  });
  expect(outcomeOfError({ code: 'agent_died', message: 'gone' }, 'upstream_error')).toMatchObject({ kind: 'failed', code: 'agent_died' });
});

test.each([
  [400, 'invalid_request_error'],
  [401, 'authentication_error'],
  [404, 'invalid_request_error'],
  [429, 'rate_limit_error'],
  [500, 'server_error'],
  [503, 'server_error'],
])('a body for status %i has the type %s', (status, type) => {
  expect(JSON.parse(writeHttpError({ status, code: 'c', message: 'm', param: 'p', retryAfterS: 3 }))).toEqual({
    error: { message: 'm', type, code: 'c', param: 'p' },
  });
});

test('every code of ours is read back from the body that was written with it', () => {
  for (const code of Object.keys(REFUSAL_CODES)) {
    expect(readHttpError(400, writeHttpError({ status: 400, code, message: 'm' }), undefined).outcome).toMatchObject({
      kind: 'refused',
      code,
    });
  }
  for (const code of Object.keys(TURN_ERROR_CODES)) {
    expect(readHttpError(502, writeHttpError({ status: 502, code, message: 'm' }), undefined).outcome).toMatchObject({
      kind: 'failed',
      code,
    });
  }
});

describe('credentials', () => {
  test.each([
    ['Incorrect API key provided: sk-proj-abcdefgh12345678. You can find', 'abcdefgh'],
    ['Incorrect API key provided: plainsecretvalue.', 'plainsecret'],
    ['Authorization: Bearer abc.def-ghi_jkl', 'def'],
    ['bearer abcdefghijkl was refused', 'abcdefghijkl'],
    ['{"api_key":"hunter2hunter2"}', 'hunter2'],
    ['token=0123456789abcdef&x=1', '0123456789'],
    ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln expired', 'c2ln'],
    ['password: correcthorse', 'correcthorse'],
    ['xai-abcdefghijklmn and gsk_abcdefghijklmn', 'abcdefgh'],
  ])('are taken out of %j', (text, secret) => {
    const cleaned = clean(text, 300);
    expect(cleaned).toContain('[redacted]');
    expect(cleaned).not.toContain(secret);
    for (const status of [401, 500]) expect(JSON.stringify(readHttpError(status, body('x', text), undefined))).not.toContain(secret);
    expect(JSON.stringify(readHttpError(502, text, undefined))).not.toContain(secret);
  });

  test('ordinary words stay', () => {
    const text = 'the token limit is 4096; the key is missing; basic usage';
    expect(clean(text, 300)).toBe(text);
  });
});
