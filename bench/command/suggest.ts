/** Which of some words a misspelt one was meant to be. */

/** The nearest by edits, when it is near: within two, and within a third of the longer word. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, edits: editsBetween(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= 2 && edits * 3 <= Math.max(word.length, candidate.length))
    .sort((a, b) => a.edits - b.edits);
  return ranked[0]?.candidate;
}

/** ` did you mean "…"?`, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const found = suggest(word, known);
  return found === undefined ? '' : `; did you mean ${found}?`;
}

/** Insertions, deletions, substitutions and swaps of neighbours, one each (optimal string alignment). */
function editsBetween(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i += 1) {
    const row = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const swapped = i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j];
      row.push(
        Math.min(
          last[j]! + (a[i] === b[j] ? 0 : 1),
          last[j + 1]! + 1,
          row[j]! + 1,
          swapped ? beforeLast[j - 1]! + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
