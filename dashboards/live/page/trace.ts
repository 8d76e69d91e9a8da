/** A turn's trace, in a dialog over the page: its waterfall, and what is known of it besides. */
import type { LiveAttribute, LiveTurn } from '../feed.ts';
import { partColor } from './charts.ts';
import { byId, el, setColor } from './dom.ts';
import { clockTime, duration, words } from './format.ts';
import { type WaterfallRow, waterfallOf } from './waterfall.ts';

const INDENT_REM = 0.9;

export class TraceDialog {
  readonly #dialog: HTMLDialogElement;

  constructor() {
    const dialog = byId('trace');
    if (!(dialog instanceof HTMLDialogElement)) throw new Error('the trace has no dialog');
    this.#dialog = dialog;
    // A click beside it closes it, as Escape does.
    dialog.addEventListener('click', ({ target }) => {
      if (target === dialog) dialog.close();
    });
  }

  open(turn: LiveTurn): void {
    const { key, arm, durationMs, outcome, code, atMs } = turn;
    const { rows, totalMs, unaccountedMs } = waterfallOf(turn);
    const close = el('button', { type: 'button' }, 'Close');
    close.addEventListener('click', () => this.#dialog.close());
    const ending = outcome === 'completed' ? 'completed' : `${words(outcome)}${code === null ? '' : ` (${code})`}`;
    const places = new Map(turn.spans.map((span, index) => [span, index]));
    this.#dialog
      .querySelector('.trace')
      ?.replaceChildren(
        el(
          'div',
          { class: 'top' },
          el(
            'div',
            {},
            el('h2', { id: 'trace-title' }, 'Turn ', el('code', {}, key)),
            el(
              'p',
              { class: 'muted' },
              `${duration(durationMs)}, ${ending} at ${clockTime(atMs)}`,
              ...(arm === null ? [] : [', ', el('code', {}, arm)]),
            ),
          ),
          close,
        ),
        el(
          'table',
          { class: 'waterfall' },
          el('colgroup', {}, el('col', { class: 'what' }), el('col'), el('col', { class: 'how' })),
          el(
            'thead',
            {},
            el('tr', {}, el('th', { scope: 'col' }, 'Span'), ticks(totalMs), el('th', { scope: 'col', class: 'number' }, 'Took')),
          ),
          el('tbody', {}, ...rows.map((row) => rowOf(row, places.get(row.span) ?? 0))),
        ),
        unaccountedMs === null
          ? el('p', { class: 'muted' }, 'Nothing is known of its parts.')
          : el('p', { class: 'muted' }, `No span accounts for ${duration(unaccountedMs)} of it.`),
        facts(rows),
      );
    this.#dialog.showModal();
  }
}

function ticks(totalMs: number): HTMLElement {
  const marks = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const mark = el('span', {}, duration(totalMs * part));
    mark.style.left = `${part * 100}%`;
    return mark;
  });
  return el(
    'th',
    { scope: 'col' },
    el('span', { class: 'hidden' }, 'When'),
    el('div', { class: 'ticks', 'aria-hidden': 'true' }, ...marks),
  );
}

function rowOf({ span, depth, from, share }: WaterfallRow, place: number): HTMLTableRowElement {
  const name = el('th', { scope: 'row', title: words(span.name) }, words(span.name));
  name.style.paddingLeft = `${depth * INDENT_REM}rem`;
  const bar = el('i');
  bar.style.left = `min(${(from * 100).toFixed(3)}%, 100% - 2px)`;
  bar.style.width = `${(share * 100).toFixed(3)}%`;
  setColor(bar, depth === 0 ? 'muted' : partColor(place - 1));
  return el(
    'tr',
    depth === 0 ? { class: 'root' } : {},
    name,
    el(
      'td',
      {},
      el('div', { class: 'track', 'aria-hidden': 'true' }, bar),
      el('span', { class: 'hidden' }, `from ${duration(span.startMs)}`),
    ),
    el('td', { class: 'number' }, duration(span.durationMs), el('small', {}, ` ${percent(share)}`)),
  );
}

function percent(share: number): string {
  return share > 0 && share < 0.01 ? '< 1 %' : `${Math.round(share * 100)} %`;
}

function facts(rows: readonly WaterfallRow[]): HTMLElement {
  const list = el('dl', { class: 'facts' });
  for (const { span } of rows) {
    for (const [name, value] of Object.entries(span.attributes)) list.append(el('dt', {}, name), el('dd', {}, el('code', {}, said(value))));
  }
  return list;
}

function said(value: LiveAttribute): string {
  return typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(3) : String(value);
}
