/** Bearer tokens: what one may look like, and files of them. */
import { readFileSync } from 'node:fs';

/** The `b64token` of RFC 6750, section 2.1: what fits in an Authorization header. */
export const TOKEN_PATTERN = /^[A-Za-z0-9\-._~+/]+=*$/;
export const TOKEN_EXPECTED = 'a bearer token: letters, digits and -._~+/, then any number of =';

export type TokensRead = { ok: true; tokens: string[] } | { ok: false; problem: string };

/** One token a line; empty lines and lines that begin with `#` do not count. Problems never repeat content. */
export function readTokensFile(path: string): TokensRead {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    return { ok: false, problem: `${JSON.stringify(path)} (${(error as NodeJS.ErrnoException).code})` };
  }
  const tokens: string[] = [];
  for (const [index, line] of content.split('\n').entries()) {
    const token = line.trim();
    if (token === '' || token.startsWith('#')) continue;
    if (!TOKEN_PATTERN.test(token))
      return { ok: false, problem: `${JSON.stringify(path)}, whose line ${index + 1} is not ${TOKEN_EXPECTED}` };
    tokens.push(token);
  }
  return tokens.length > 0 ? { ok: true, tokens } : { ok: false, problem: `${JSON.stringify(path)}, which has no tokens` };
}
