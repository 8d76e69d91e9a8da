/**
 * A command line, taken apart into words as a shell would, without being one: spaces part words, quotes and backslashes
 * keep them together, and nothing else means anything. What only a shell could do is refused by name: passed on as
 * words, `a | b` would run and do something else than was meant.
 */
export type CommandLine = { ok: true; words: readonly string[] } | { ok: false; problem: string };

const SHELL_ONLY = /[|&;<>`\n\r]/;

export function splitCommandLine(line: string): CommandLine {
  const words: string[] = [];
  let word: string | undefined;
  const text = line.trim();
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === ' ' || character === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === "'" || character === '"') {
      const quoted = readQuoted(text, at);
      if (!quoted) return { ok: false, problem: `the quote ${character} is not closed` };
      word = (word ?? '') + quoted.text;
      at = quoted.end;
    } else if (character === '\\') {
      at += 1;
      const escaped = text[at];
      if (escaped === undefined) return { ok: false, problem: 'there is nothing after the last backslash' };
      word = (word ?? '') + escaped;
    } else if (SHELL_ONLY.test(character)) {
      return {
        ok: false,
        problem: `there is no shell, to which alone ${JSON.stringify(character)} means anything; quote it to pass it on`,
      };
    } else word = (word ?? '') + character;
  }
  if (word !== undefined) words.push(word);
  return words.length === 0 ? { ok: false, problem: 'there is no command' } : { ok: true, words };
}

/** In double quotes a backslash keeps a quote or another backslash from its meaning, and is itself before anything else. */
function readQuoted(text: string, start: number): { text: string; end: number } | undefined {
  const quote = text[start]!;
  let inner = '';
  for (let at = start + 1; at < text.length; at += 1) {
    let character = text[at]!;
    if (character === quote) return { text: inner, end: at };
    const next = text[at + 1];
    if (quote === '"' && character === '\\' && (next === '"' || next === '\\')) {
      character = next;
      at += 1;
    }
    inner += character;
  }
  return undefined;
}
