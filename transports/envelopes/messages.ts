/** What the request codecs of OpenAI's two formats share about messages: roles, and content that is text. */
import type { Message } from '../contract.ts';
import { isObject } from './json.ts';
import type { Problems } from './problems.ts';

const ROLES: ReadonlySet<unknown> = new Set(['system', 'developer', 'user', 'assistant', 'tool'] satisfies Message['role'][]);

export function isRole(value: unknown): value is Message['role'] {
  return ROLES.has(value);
}

/**
 * Content as a string, or as parts that are text and are joined. `null` is no text, as an assistant has beside calls.
 * @returns '' after a problem.
 */
export function readContent(content: unknown, at: string, partTypes: ReadonlySet<unknown>, problems: Problems): string {
  if (typeof content === 'string') return content;
  if (content === null) return '';
  if (!Array.isArray(content)) {
    problems.invalid(at, 'a string or an array of text parts');
    return '';
  }
  let text = '';
  for (const [index, part] of content.entries()) {
    if (!isObject(part) || typeof part.type !== 'string') problems.invalid(`${at}[${index}]`, 'an object with a type');
    else if (!partTypes.has(part.type)) unsupported(`${at}[${index}]`, part.type, problems);
    else if (typeof part.text !== 'string') problems.invalid(`${at}[${index}].text`, 'a string');
    else text += part.text;
  }
  return text;
}

export function unsupported(at: string, type: unknown, problems: Problems): void {
  const shown = typeof type === 'string' ? JSON.stringify(type.slice(0, 40).toWellFormed()) : 'unknown';
  problems.add('unsupported_content', at, `\`${at}\` is of type ${shown}; only text is supported`);
}
