/** The gateway's threads and processes: state, turns, and how much of a core each takes. */
import type { LiveGateway, LiveUnit } from '../feed.ts';
import { byId, el, setText } from './dom.ts';
import { cores } from './format.ts';

/** More would be no picture any more; the words above count them all. */
const SHOWN_MAX = 48;

interface Row {
  item: HTMLLIElement;
  state: HTMLElement;
  cpu: HTMLElement;
  bar: HTMLElement;
}

export class PoolList {
  readonly #section = byId('pool');
  readonly #words = byId('pool-words');
  readonly #list = byId('units');
  readonly #rows = new Map<string, Row>();

  show(gateway: LiveGateway | null | undefined): void {
    this.#section.hidden = !gateway;
    if (!gateway) return;
    const { units, waiting } = gateway;
    const shown = units.slice(0, SHOWN_MAX);
    setText(this.#words, wordsOf(units, waiting, units.length - shown.length));
    const names = new Set(shown.map(({ name }) => name));
    for (const [name, { item }] of this.#rows) {
      if (names.has(name)) continue;
      item.remove();
      this.#rows.delete(name);
    }
    for (const unit of shown) this.#showUnit(unit);
  }

  #showUnit({ name, state, turns, cpu }: LiveUnit): void {
    let row = this.#rows.get(name);
    if (!row) {
      row = { item: el('li'), state: el('small'), cpu: el('span', { class: 'cpu' }), bar: el('i') };
      row.item.append(
        el('span', { class: 'unit' }, name, row.state),
        row.cpu,
        el('span', { class: 'bar', 'aria-hidden': 'true' }, row.bar),
      );
      this.#rows.set(name, row);
      this.#list.append(row.item);
    }
    row.item.className = /^[a-z]+$/.test(state) ? state : '';
    setText(row.state, state);
    setText(row.cpu, `${turns} turn${turns === 1 ? '' : 's'}${cpu === null ? '' : ` · ${cores(cpu)}`}`);
    row.bar.style.width = `${Math.min(100, (cpu ?? 0) * 100).toFixed(1)}%`;
  }
}

function wordsOf(units: readonly LiveUnit[], waiting: number, hidden: number): string {
  const states = new Map<string, number>();
  for (const { name, state } of units) if (name !== 'main') states.set(state, (states.get(state) ?? 0) + 1);
  const counted = [...states].map(([state, count]) => `${count} ${state}`);
  const queue = states.size === 0 ? [] : [`${waiting} turn${waiting === 1 ? '' : 's'} waiting`];
  return [
    ...(counted.length === 0 ? ['agents run on the main thread'] : counted),
    ...queue,
    ...(hidden > 0 ? [`${hidden} not shown`] : []),
  ].join(', ');
}
