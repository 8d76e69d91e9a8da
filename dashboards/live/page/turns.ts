/** The table of turns worth a look. It changes only where the turns do, so that a reader's focus stays where it is. */
import type { LiveTurn } from '../feed.ts';
import { letter } from './arms.ts';
import { partColor } from './charts.ts';
import { byId, el, setColor } from './dom.ts';
import { clockTime, duration, words } from './format.ts';
import { longestOf } from './waterfall.ts';

export class TurnsTable {
  readonly #region = byId('turns');
  readonly #none = byId('no-turns');
  readonly #onOpen: (turn: LiveTurn) => void;
  readonly #head: HTMLElement;
  readonly #body: HTMLElement;
  #shown = '';

  constructor(onOpen: (turn: LiveTurn) => void) {
    this.#onOpen = onOpen;
    const head = this.#region.querySelector('thead');
    const body = this.#region.querySelector('tbody');
    if (!head || !body) throw new Error('the section of turns has no table');
    this.#head = head;
    this.#body = body;
  }

  show(turns: readonly LiveTurn[], arms: readonly string[]): void {
    this.#none.hidden = turns.length > 0;
    this.#region.hidden = turns.length === 0;
    const content = turns.map(({ key, arm }) => `${arm} ${key}`).join('\n');
    if (content === this.#shown) return;
    this.#shown = content;
    const focused = this.#body.contains(document.activeElement) ? document.activeElement?.textContent : undefined;
    const headings = ['Turn', ...(arms.length > 0 ? ['Arm'] : []), 'Took', 'First token', 'How it ended', 'Longest part', 'At'];
    this.#head.replaceChildren(
      el('tr', {}, ...headings.map((text) => el('th', { scope: 'col', ...(NUMBERS.has(text) ? { class: 'number' } : {}) }, text))),
    );
    this.#body.replaceChildren(...turns.map((turn) => this.#rowOf(turn, arms)));
    if (focused) [...this.#body.querySelectorAll('button')].find(({ textContent }) => textContent === focused)?.focus();
  }

  #rowOf(turn: LiveTurn, arms: readonly string[]): HTMLTableRowElement {
    const { key, arm, atMs, durationMs, firstTokenMs, outcome, code } = turn;
    const open = el('button', { type: 'button', 'aria-haspopup': 'dialog' }, key);
    open.addEventListener('click', () => this.#onOpen(turn));
    const place = arm === null ? -1 : arms.indexOf(arm);
    const ending = outcome === 'completed' ? el('span', { class: 'done' }, 'completed') : el('span', { class: 'failed' }, words(outcome));
    return el(
      'tr',
      {},
      el('th', { scope: 'row' }, open),
      ...(arms.length > 0 ? [el('td', {}, place === -1 ? '' : letter(place))] : []),
      el('td', { class: 'number' }, duration(durationMs)),
      el('td', { class: 'number' }, firstTokenMs === null ? '–' : duration(firstTokenMs)),
      el('td', {}, ending, code === null ? undefined : el('small', {}, ` ${code}`)),
      el('td', {}, longestPart(turn)),
      el('td', {}, clockTime(atMs)),
    );
  }
}

const NUMBERS: ReadonlySet<string> = new Set(['Took', 'First token']);

function longestPart(turn: LiveTurn): HTMLElement | string {
  const longest = longestOf(turn);
  if (!longest || turn.durationMs === 0) return '–';
  const swatch = el('i', { 'aria-hidden': 'true' });
  setColor(swatch, partColor(longest.index - 1));
  const share = Math.min(100, Math.round((longest.span.durationMs / turn.durationMs) * 100));
  return el('span', { class: 'share' }, swatch, `${words(longest.span.name)} ${share} %`);
}
