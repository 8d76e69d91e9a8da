/** The numbers of the last second, in words and large. */
import { LIVE_OUTCOMES, type LiveSample } from '../feed.ts';
import { el, setText } from './dom.ts';
import { bytes, cores, duration, quantity } from './format.ts';

interface Said {
  value: string;
  unit?: string;
  note?: string;
  bad?: boolean;
}

interface Tile {
  name: string;
  say(last: LiveSample, recent: readonly LiveSample[]): Said;
}

const UNKNOWN = '–';
/** What is bad stays in sight for so long. */
const RECENT_SECONDS = 60;

const TILES: readonly Tile[] = [
  { name: 'Turns', say: ({ load, spanMs }) => rate(load && LIVE_OUTCOMES.reduce((sum, kind) => sum + load.ended[kind], 0), spanMs) },
  { name: 'Output tokens', say: ({ load, spanMs }) => rate(load?.tokens, spanMs) },
  {
    name: 'In flight',
    say: ({ load, gateway }) => ({
      value: load ? quantity(load.inFlight) : UNKNOWN,
      note: gateway && gateway.waiting > 0 ? `${gateway.waiting} waiting` : '',
    }),
  },
  {
    name: 'Turn p50',
    say: ({ load }) => ({ value: time(load?.turnMs?.p50), note: load?.turnMs ? `of ${load.ended.completed} turns` : '' }),
  },
  {
    name: 'Turn p99',
    say: ({ load }) => ({ value: time(load?.turnMs?.p99), note: load?.turnMs ? `longest ${duration(load.turnMs.max)}` : '' }),
  },
  {
    name: 'First token p50',
    say: ({ load }) => ({ value: time(load?.firstTokenMs?.p50), note: load?.firstTokenMs ? `p99 ${duration(load.firstTokenMs.p99)}` : '' }),
  },
  {
    name: 'Not completed',
    say: (_last, recent) => {
      const counts = LIVE_OUTCOMES.filter((kind) => kind !== 'completed').map((kind) => sum(recent, ({ load }) => load?.ended[kind] ?? 0));
      const lost = counts.reduce((all, count) => all + count, 0);
      const ended = lost + sum(recent, ({ load }) => load?.ended.completed ?? 0);
      return { value: quantity(lost), note: ended === 0 ? 'in a minute' : `${share(lost / ended)} in a minute`, bad: lost > 0 };
    },
  },
  {
    name: 'Loop delay p99',
    say: ({ gateway }) => ({
      value: time(gateway?.loopDelayMs.p99),
      note: gateway ? `loop ${Math.round(gateway.loopUtilisation * 100)} % busy` : '',
    }),
  },
  {
    name: 'Gateway CPU',
    say: ({ gateway }) => ({ value: gateway ? cores(gateway.cpu) : UNKNOWN, note: gateway ? `${bytes(gateway.rssBytes)} of memory` : '' }),
  },
];

export class Tiles {
  readonly #places = TILES.map(() => ({ tile: el('div'), value: el('span'), unit: el('small'), note: el('span', { class: 'note' }) }));

  constructor(list: HTMLElement) {
    for (const [index, { name }] of TILES.entries()) {
      const { tile, value, unit, note } = this.#places[index]!;
      tile.append(el('dt', {}, name), el('dd', {}, value, unit, note));
      list.append(tile);
    }
  }

  show(samples: readonly LiveSample[], last: LiveSample | undefined): void {
    const recent = samples.filter(({ atMs }) => last !== undefined && atMs > last.atMs - RECENT_SECONDS * 1e3);
    for (const [index, { say }] of TILES.entries()) {
      const { tile, value, unit, note } = this.#places[index]!;
      const said: Said = last ? say(last, recent) : { value: UNKNOWN };
      setText(value, said.value);
      setText(unit, said.unit ?? '');
      setText(note, said.note ?? '');
      tile.classList.toggle('bad', said.bad === true);
    }
  }
}

function rate(count: number | null | undefined, spanMs: number): Said {
  return count === null || count === undefined ? { value: UNKNOWN } : { value: quantity((count * 1e3) / spanMs), unit: '/s' };
}

function time(ms: number | undefined): string {
  return ms === undefined ? UNKNOWN : duration(ms);
}

function sum(samples: readonly LiveSample[], of: (sample: LiveSample) => number): number {
  return samples.reduce((total, sample) => total + of(sample), 0);
}

function share(part: number): string {
  return part > 0 && part < 0.001 ? '< 0.1 %' : `${(part * 100).toFixed(part < 0.1 ? 1 : 0)} %`;
}
