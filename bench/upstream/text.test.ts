import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { beforeAll, describe, expect, test } from 'vitest';
import { CORPUS } from './corpus.ts';
import { loadText, TextRing } from './text.ts';

let ring: TextRing;
beforeAll(async () => {
  ring = await loadText();
});

describe('the corpus', () => {
  test('has the variety that the measurements need', () => {
    expect(ring.tokens).toBe(encode(CORPUS).length);
    expect(ring.tokens).toBeGreaterThan(1_500);
    expect(CORPUS).toMatch(/\p{Script=Han}/u);
    expect(CORPUS).toMatch(/\p{Script=Hangul}/u);
    expect(CORPUS).toMatch(/\p{Emoji_Presentation}/u);
    expect(CORPUS).toMatch(/[éüñ]/);
    expect(CORPUS).toContain('```ts');
    expect(CORPUS).not.toContain('\uFFFD');
  });

  test('some of its tokens end inside a character', () => {
    const whole = ring.textOf('any', ring.tokens);
    const empty = Array.from({ length: ring.tokens }, (_, token) => whole.piece(token, token + 1)).filter((piece) => piece === '');
    expect(empty.length).toBeGreaterThan(2);
    expect(empty.length).toBeLessThan(30);
  });
});

describe('passages', () => {
  test('have exactly the tokens asked for, as the tokenizer counts them', () => {
    for (const tokens of [1, 2, 20, 333, 1_578, 4_000]) {
      for (let key = 0; key < 20; key += 1) expect(encode(ring.inputText(`k${key}`, tokens)), `${key}/${tokens}`).toHaveLength(tokens);
    }
  });

  test('are the same for the same key, and start elsewhere for another', () => {
    const texts = Array.from({ length: 50 }, (_, key) => ring.textOf(`key-${key}`, 40).piece(0, 40));
    expect(ring.textOf('key-7', 40).piece(0, 40)).toBe(texts[7]);
    expect(new Set(texts).size).toBeGreaterThan(40);
  });

  test('their pieces and cumulative lengths agree at every token, round the ring', () => {
    const tokens = ring.tokens + 200;
    const passage = ring.textOf('round', tokens);
    const units = passage.cumulativeUnits(tokens);
    expect(units).toHaveLength(tokens);
    let length = 0;
    for (let token = 0; token < tokens; token += 1) {
      const piece = passage.piece(token, token + 1);
      length += piece.length;
      if (piece !== '') expect(units[token]).toBe(length);
      else expect(units[token]).toBe(units[token + 1]);
    }
    expect(passage.piece(0, tokens)).toHaveLength(length);
  });

  test('no piece cuts a character', () => {
    const passage = ring.textOf('whole', ring.tokens);
    for (let token = 0; token < ring.tokens; token += 1) expect(passage.piece(token, token + 1).isWellFormed()).toBe(true);
  });
});

describe('tokens inside a character', () => {
  // 'a', then a character of three tokens, then 'b', 'c', 'd'.
  const small = new TextRing(['a', '', '', '界', 'b', 'c', 'd'], () => 0);

  test('start and end no passage, whatever its length', () => {
    for (let tokens = 0; tokens < 20; tokens += 1) {
      for (let key = 0; key < 40; key += 1) {
        const passage = small.textOf(`k${key}`, tokens);
        expect(passage.completeTokens(tokens)).toBe(tokens);
        if (tokens > 0) expect(passage.piece(tokens - 1, tokens)).not.toBe('');
      }
    }
  });

  test('are complete with the token that completes the character', () => {
    const key = Array.from({ length: 100 }, (_, index) => `k${index}`).find((name) => small.textOf(name, 7).piece(0, 1) === 'a')!;
    const passage = small.textOf(key, 7);
    expect([0, 1, 2, 3, 4, 5].map((count) => passage.completeTokens(count))).toEqual([0, 1, 1, 1, 4, 5]);
    expect([...passage.cumulativeUnits(5)]).toEqual([1, 2, 2, 2, 3]);
    expect([...passage.cumulativeUnits(3)]).toEqual([1]);
    expect(passage.piece(1, 4)).toBe('界');
  });

  test('a ring that can hardly be cut is refused', () => {
    expect(() => new TextRing(['', '', '界'], () => 0)).toThrow(RangeError);
    expect(() => new TextRing(['a', 'b', 'c', ''], () => 0)).toThrow(RangeError);
    expect(() => new TextRing([], () => 0)).toThrow(RangeError);
  });
});

describe('tokens of a prompt', () => {
  test('are counted when it is short, control tokens included', () => {
    expect(ring.promptTokens(['Hello world', '日本語'])).toBe(encode('Hello world').length + encode('日本語').length);
    expect(ring.promptTokens(['a <|endoftext|> b'])).toBe(9);
    expect(ring.promptTokens([])).toBe(0);
  });

  test('are estimated within 5 % when it is long', () => {
    for (let key = 0; key < 30; key += 1) {
      const estimate = ring.promptTokens([ring.inputText(`p${key}`, 2_000), ring.inputText(`q${key}`, 1_000)]);
      expect(Math.abs(estimate / 3_000 - 1)).toBeLessThan(0.05);
    }
  });
});
