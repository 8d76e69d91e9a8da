/**
 * What the mock LLM does wrong on request: `fault=` in a turn's marker. How a gateway behaves when its upstream does
 * not is worth as much as its speed; here every failure is asked for by name, at a token of the asker's choice.
 */
export type Fault =
  /** The request is answered with an error before anything started. */
  | { kind: 'error-before' }
  | { kind: 'status'; status: 429 | 503 }
  /** An error event after this many tokens. */
  | { kind: 'error-mid'; afterTokens: number }
  /** A pause; chunks that would go beyond this many tokens wait. */
  | { kind: 'stall'; afterTokens: number; ms: number }
  /** The connection is cut after this many tokens, without a word. */
  | { kind: 'disconnect'; afterTokens: number }
  /** Begins with one text event of this many bytes that are no tokens. */
  | { kind: 'oversize'; bytes: number }
  /** All times of the plan are multiplied. */
  | { kind: 'slow'; factor: number }
  /** Accepts the turn and says nothing until it is cancelled. */
  | { kind: 'hang' };

export const FAULT_FORMS = [
  'error-before',
  'status@429',
  'status@503',
  'error-mid@TOKENS',
  'stall@TOKENS:MS',
  'disconnect@TOKENS',
  'oversize@BYTES',
  'slow@FACTOR',
  'hang',
] as const;

const STALL_MS_MAX = 3_600_000;
/** Twice the largest message that servers here take; below what a JavaScript string can hold. */
const OVERSIZE_BYTES_MAX = 200_000_000;
const FACTOR_MIN = 0.01;
const FACTOR_MAX = 1_000;

/** @returns `undefined` when the text has none of the forms, or a number beyond its bounds. */
export function parseFault(text: string): Fault | undefined {
  const at = text.indexOf('@');
  const kind = at === -1 ? text : text.slice(0, at);
  const values = at === -1 ? [] : text.slice(at + 1).split(':');
  const [first, second] = values;
  const count = kind === 'stall' ? 2 : kind === 'hang' || kind === 'error-before' ? 0 : 1;
  if (values.length !== count) return undefined;
  switch (kind) {
    case 'error-before':
    case 'hang':
      return { kind };
    case 'status':
      return first === '429' || first === '503' ? { kind, status: first === '429' ? 429 : 503 } : undefined;
    case 'error-mid':
    case 'disconnect': {
      const afterTokens = whole(first, 9_999_999);
      return afterTokens === undefined ? undefined : { kind, afterTokens };
    }
    case 'stall': {
      const afterTokens = whole(first, 9_999_999);
      const ms = whole(second, STALL_MS_MAX);
      return afterTokens === undefined || ms === undefined ? undefined : { kind, afterTokens, ms };
    }
    case 'oversize': {
      const bytes = whole(first, OVERSIZE_BYTES_MAX);
      return bytes === undefined || bytes === 0 ? undefined : { kind, bytes };
    }
    case 'slow': {
      const factor = /^\d{1,4}(\.\d{1,4})?$/.test(first ?? '') ? Number(first) : 0;
      return factor >= FACTOR_MIN && factor <= FACTOR_MAX ? { kind, factor } : undefined;
    }
    default:
      return undefined;
  }
}

function whole(text: string | undefined, max: number): number | undefined {
  if (text === undefined || !/^\d{1,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}
