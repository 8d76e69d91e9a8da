/** An estimate with its interval set back, so that the eye finds the estimate. */
import { type Html, html } from './template.ts';

/** @param text `852 ms [840, 866]`. */
export function withMutedInterval(text: string): Html {
  const bracket = text.search(/ (\[|exact$)/);
  return bracket === -1 ? html`${text}` : html`${text.slice(0, bracket)}<i>${text.slice(bracket)}</i>`;
}
