/** The arms of a run side by side: what their measured turns came to so far, and which has its trial now. */
import { LIVE_OUTCOMES, type LiveArm } from '../feed.ts';
import { armColor } from './charts.ts';
import { byId, el, setText } from './dom.ts';
import { duration, letterOf, quantity } from './format.ts';

const HEADINGS = ['Arm', 'Trials', 'Turns', 'Not completed', 'Turn p50', 'Turn p99', 'First token p50', 'p99'];

export function letter(index: number): HTMLElement {
  const mark = el('span', { class: 'letter' }, letterOf(index));
  mark.style.setProperty('--color', `var(--${armColor(index)})`);
  return mark;
}

export class ArmsTable {
  readonly #section: HTMLElement;
  readonly #heading = byId('arms-title');
  readonly #body: HTMLElement;
  #shown = '';

  constructor(section: HTMLElement) {
    this.#section = section;
    const head = section.querySelector('thead');
    const body = section.querySelector('tbody');
    if (!head || !body) throw new Error('the section of arms has no table');
    this.#body = body;
    head.append(
      el('tr', {}, ...HEADINGS.map((text, index) => el('th', { scope: 'col', ...(index === 0 ? {} : { class: 'number' }) }, text))),
    );
  }

  /** @param names of all arms, in the order of their letters; of these, those of the scenario are shown. */
  show(names: readonly string[], arms: readonly LiveArm[], scenario: string | undefined, now: string | undefined): void {
    const rows = arms.filter((arm) => arm.scenario === scenario);
    this.#section.hidden = rows.length === 0;
    const content = JSON.stringify([names, rows, now]);
    if (content === this.#shown) return;
    this.#shown = content;
    setText(this.#heading, `Arms in ${scenario}`);
    this.#body.replaceChildren(
      ...rows.map((arm) => {
        const { arm: name } = arm;
        const index = names.indexOf(name);
        const isNow = name === now;
        const running = isNow ? el('small', {}, 'now') : undefined;
        return el(
          'tr',
          isNow ? { class: 'now' } : {},
          el('th', { scope: 'row' }, letter(index), el('code', {}, name), running),
          ...figuresOf(arm).map((text) => el('td', { class: 'number' }, text)),
        );
      }),
    );
  }
}

function figuresOf({ trials, ended, turnMs, firstTokenMs }: LiveArm): string[] {
  if (trials === 0) return ['0', '–', '–', '–', '–', '–', '–'];
  const lost = LIVE_OUTCOMES.reduce((sum, kind) => sum + (kind === 'completed' ? 0 : ended[kind]), 0);
  const ms = (value: number | null) => (value === null ? '–' : duration(value));
  return [
    String(trials),
    quantity(ended.completed + lost),
    quantity(lost),
    ms(turnMs.p50),
    ms(turnMs.p99),
    ms(firstTokenMs.p50),
    ms(firstTokenMs.p99),
  ];
}
