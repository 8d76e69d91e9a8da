/** The live page: the feed goes into the store, and once a second what changed goes to the parts of the page. */
import type { LiveEvent } from '../feed.ts';
import { ArmsTable } from './arms.ts';
import { chartsOf } from './charts.ts';
import { Feed, type Freshness } from './connect.ts';
import { byId, choice, el, setText } from './dom.ts';
import { clockTime, letterOf } from './format.ts';
import { Plot } from './plot.ts';
import { PoolList } from './pool.ts';
import { type ShownQuantile, Store, type View } from './store.ts';
import { Tiles } from './tiles.ts';
import { TraceDialog } from './trace.ts';
import { TurnsTable } from './turns.ts';

const store = new Store();
const view: View = { seconds: 120, arm: null, quantile: 'p99' };
let isPaused = false;

const tiles = new Tiles(byId('now'));
const armsTable = new ArmsTable(byId('arms'));
const pool = new PoolList();
const trace = new TraceDialog();
const turnsTable = new TurnsTable((turn) => trace.open(turn));
const plots = new Map<string, Plot>();

/** The latest: a tab that nobody looks at draws nothing, and catches up. */
let isDrawing = false;
function draw(): void {
  if (isPaused || isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    drawNow();
  });
}

function drawNow(): void {
  const { last, lastLoaded, samples, armNames, arms } = store;
  // Between trials a run has nothing to tell: then the last second that had, stays.
  const shown = last?.trial === null && armNames.length > 0 ? (lastLoaded ?? last) : last;
  tiles.show(samples, shown);
  armsTable.show(
    armNames,
    arms,
    (last?.trial ?? lastLoaded?.trial)?.scenario ?? arms.at(-1)?.scenario,
    store.ended ? undefined : last?.trial?.arm,
  );
  pool.show(shown?.gateway);
  turnsTable.show(store.worst.top(view.arm), armNames);
  const moments = store.moments(view.seconds);
  for (const chart of chartsOf(moments, view, armNames)) {
    let plot = plots.get(chart.id);
    if (!plot) {
      plot = new Plot();
      plots.set(chart.id, plot);
      byId('charts').append(plot.element);
    }
    plot.show(chart, moments, view.seconds, armNames);
  }
  const trial = last?.trial;
  byId('trial').hidden = armNames.length === 0;
  const under = trial
    ? `Now: launch ${trial.launch}, ${trial.scenario}, ${letterOf(armNames.indexOf(trial.arm))} ${trial.arm}`
    : 'Between trials';
  setText(byId('trial'), store.ended ? 'No trial is under way any more' : under);
  byId('quantile').hidden = armNames.length < 2;
  showArmChoice();
}

const armSelect = byId('arm') as HTMLSelectElement;
function showArmChoice(): void {
  const { armNames } = store;
  byId('arm-choice').hidden = armNames.length < 2;
  const options = ['', ...armNames];
  if (armSelect.options.length === options.length) return;
  armSelect.replaceChildren(
    ...options.map((name, index) => el('option', { value: name }, name === '' ? 'all' : `${letterOf(index - 1)} ${name}`)),
  );
  armSelect.value = view.arm ?? '';
}

function onEvent(event: LiveEvent): void {
  store.apply(event);
  if (event.type === 'hello') {
    setText(byId('title'), event.hello.title);
    document.title = `${event.hello.title} · gatebench live`;
  }
  if (event.type === 'ended') showEnd(event);
  draw();
}

function showEnd({ how, atMs, reports }: Extract<LiveEvent, { type: 'ended' }>): void {
  const box = byId('report');
  box.hidden = false;
  box.replaceChildren(
    el('p', {}, `The run ended at ${clockTime(atMs)}: ${how}`),
    ...reports.map((path) => el('p', {}, el('code', {}, path))),
  );
}

let announced: Freshness | undefined;
function onFreshness(freshness: Freshness, words: string): void {
  const state = byId('state');
  state.className = `state ${freshness}`;
  const text = state.querySelector('span');
  if (text) setText(text, words);
  document.body.classList.toggle('old', freshness === 'stale' || freshness === 'lost');
  // Once a change, not once a second.
  if (freshness !== announced) setText(byId('announcement'), words);
  announced = freshness;
}

choice(
  byId('window'),
  [
    ['60', '1 min'],
    ['120', '2 min'],
    ['300', '5 min'],
    ['600', '10 min'],
  ],
  '120',
  (seconds) => {
    view.seconds = Number(seconds);
    draw();
  },
);
const quantiles: readonly (readonly [ShownQuantile, string])[] = [
  ['p50', 'p50'],
  ['p90', 'p90'],
  ['p99', 'p99'],
];
choice(byId('quantile'), quantiles, view.quantile, (quantile) => {
  view.quantile = quantile;
  draw();
});
armSelect.addEventListener('change', () => {
  view.arm = armSelect.value === '' ? null : armSelect.value;
  draw();
});
byId('pause').addEventListener('click', () => {
  isPaused = !isPaused;
  byId('pause').setAttribute('aria-pressed', String(isPaused));
  setText(byId('pause'), isPaused ? 'Go on' : 'Pause');
  draw();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const plot of plots.values()) plot.redraw();
  drawNow();
});

new Feed(onEvent, onFreshness).start();
