/**
 * The live page's style, of one family with the report's: the same colours by the same names, light and dark by the
 * reader's preference, text at 4.5 : 1 and what is drawn at 3 : 1 against its ground at least.
 */
type Palette = Readonly<Record<string, string>>;

const LIGHT: Palette = {
  paper: '#ffffff',
  panel: '#f5f7f9',
  ink: '#1a1f25',
  muted: '#56616c',
  line: '#d7dde3',
  link: '#1d56c0',
  good: '#0b7a4b',
  bad: '#bf2130',
  unsure: '#8f5a06',
  same: '#56616c',
  band: '#e6ebf0',
  shade: '#00000033',
  ...numbered('line', ['#1f66d0', '#ae5600', '#177d48', '#8b46c7', '#c22f4e', '#0a7a87', '#7a5a2b', '#b0358f']),
  ...numbered('part', [
    '#1f77b4',
    '#2a9585',
    '#a38200',
    '#7d8a1f',
    '#9a5fb4',
    '#4f63d8',
    '#c4555f',
    '#4f8f3f',
    '#8c4a70',
    '#c46a1b',
    '#75808b',
  ]),
};

const DARK: Palette = {
  paper: '#14181c',
  panel: '#1c2126',
  ink: '#e7ebee',
  muted: '#9ba7b2',
  line: '#343c44',
  link: '#85aeff',
  good: '#45c48a',
  bad: '#ff7a7a',
  unsure: '#e3ad45',
  same: '#9ba7b2',
  band: '#29313a',
  shade: '#00000080',
  ...numbered('line', ['#6ea8ff', '#f0a04b', '#4fcf8f', '#c494ff', '#ff7f93', '#4fc6d6', '#d6b27a', '#f08ad6']),
  ...numbered('part', [
    '#5fb0e6',
    '#4fc0ae',
    '#d9bb4a',
    '#b3bf55',
    '#c491dc',
    '#8796f5',
    '#ec8a92',
    '#7fc46b',
    '#c986ab',
    '#ea9a52',
    '#9aa5b0',
  ]),
};

function numbered(name: string, colors: readonly string[]): Palette {
  return Object.fromEntries(colors.map((color, index) => [`${name}-${index}`, color]));
}

function declarations(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, color]) => `--${name}: ${color};`)
    .join(' ');
}

const PAGE = `
:root { color-scheme: light dark; ${declarations(LIGHT)} }
@media (prefers-color-scheme: dark) { :root { ${declarations(DARK)} } }
html { font-size: 93.75%; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; padding: 0 1.25rem 4rem; max-width: 96rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; -webkit-text-size-adjust: 100%; font-variant-numeric: tabular-nums; }
h1, h2, h3 { line-height: 1.2; }
h1 { margin: 0; font-size: 1.05rem; font-weight: 600; }
h1 small { color: var(--muted); font-weight: 400; font-size: .95rem; margin-left: .35rem; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 .35rem; font-size: 1.2rem; }
h2 small { color: var(--muted); font-weight: 400; font-size: .87rem; margin-left: .4rem; }
p { margin: .3rem 0; max-width: 46rem; }
code { font: .88em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.muted { color: var(--muted); font-size: .92rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }

header { position: sticky; top: 0; z-index: 5; display: flex; flex-wrap: wrap; align-items: center; gap: .45rem 1.5rem;
  margin: 0 -1.25rem; padding: .6rem 1.25rem; background: var(--paper); border-bottom: 1px solid var(--line); }
.name { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem 1rem; margin-right: auto; }
.state { display: inline-flex; align-items: center; gap: .45rem; margin: 0; padding: .1rem .65rem .1rem .55rem; border-radius: 1rem;
  background: var(--panel); color: var(--mark); font-size: .87rem; font-weight: 600; white-space: nowrap; }
.state i { width: .55rem; height: .55rem; border-radius: 50%; background: var(--mark); }
.live { --mark: var(--good); } .stale, .waiting { --mark: var(--unsure); } .lost { --mark: var(--bad); } .over { --mark: var(--same); }
@media (prefers-reduced-motion: no-preference) { .state.live i { animation: beat 2s ease-in-out infinite; } @keyframes beat { 50% { opacity: .35; } } }
.trial { margin: 0; width: 100%; max-width: none; order: 3; font-size: .92rem; color: var(--muted); overflow-wrap: anywhere; }
.controls { display: flex; flex-wrap: wrap; align-items: center; gap: .4rem .9rem; font-size: .87rem; }
fieldset { display: inline-flex; margin: 0; padding: 0; border: 1px solid var(--line); border-radius: .35rem; overflow: clip; min-width: 0; }
#arm-choice { display: inline-flex; align-items: center; gap: .4rem; min-width: 0; max-width: 100%; color: var(--muted); } #arm { width: 12rem; min-width: 0; }
legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
fieldset label { position: relative; display: block; padding: .2rem .65rem; color: var(--muted); cursor: pointer; }
fieldset label + label { border-left: 1px solid var(--line); }
fieldset label:has(:checked) { background: var(--band); color: var(--ink); font-weight: 600; }
fieldset label:has(:focus-visible) { outline: 2px solid var(--link); outline-offset: -2px; }
fieldset input { position: absolute; inset: 0; margin: 0; opacity: 0; cursor: pointer; }
button, select { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: .35rem; padding: .2rem .65rem; cursor: pointer; max-width: 100%; }
button:hover, select:hover { background: var(--panel); }
button[aria-pressed="true"] { background: var(--unsure); border-color: var(--unsure); color: var(--paper); font-weight: 600; }
.ended { margin: 1rem 0; padding: .8rem 1.1rem; background: var(--panel); border-left: .4rem solid var(--same); border-radius: .25rem; }
.ended p { margin: 0; max-width: none; } .ended p + p { line-height: 1.35; }
`;

const FIGURES = `
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.2rem, 1fr)); gap: 1px; margin: 1rem 0 0; background: var(--line); border: 1px solid var(--line);
  border-radius: .35rem; overflow: hidden; }
.tiles > div { padding: .55rem .8rem .5rem; background: var(--paper); min-width: 0; }
.tiles dt { color: var(--muted); font-size: .82rem; white-space: nowrap; }
.tiles dd { margin: 0; font-size: 1.45rem; line-height: 1.25; font-weight: 600; white-space: nowrap; }
.tiles dd small { font-size: .82rem; font-weight: 400; color: var(--muted); margin-left: .2rem; }
.tiles .note { display: block; margin: 0; min-height: 1.15rem; font-size: .78rem; line-height: 1.45; font-weight: 400; color: var(--muted); overflow: hidden; text-overflow: ellipsis; }
.tiles .bad dd { color: var(--bad); }
.old .tiles dd, .old figure, .old .units { opacity: .55; }

.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 29rem), 1fr)); gap: 1.5rem 2rem; margin-top: 1.5rem; }
figure { margin: 0; min-width: 0; }
figcaption { display: flex; justify-content: space-between; gap: .75rem; font-size: .92rem; font-weight: 600; }
figcaption small { color: var(--muted); font-weight: 400; font-size: .82rem; text-align: right; }
.plot { height: 11rem; }
.u-hz .u-cursor-x, .u-vt .u-cursor-y { border-color: var(--muted); }
.key { display: flex; flex-wrap: wrap; gap: .05rem 1rem; margin: .15rem 0 0; padding: 0; list-style: none; font-size: .82rem; color: var(--muted); min-height: 1.4rem; }
.key li { display: inline-flex; align-items: center; gap: .35rem; white-space: nowrap; min-width: 0; }
.key svg { flex: none; width: 22px; height: 8px; overflow: visible; } .key i { flex: none; width: .7rem; height: .7rem; border-radius: .15rem; }
.key b { color: var(--ink); font-weight: 600; }
.empty { display: grid; place-items: center; height: 100%; margin: 0; max-width: none; background: var(--panel); border-radius: .25rem; color: var(--muted); font-size: .87rem; }

.units { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .5rem 1.5rem; margin: .6rem 0 0; padding: 0; list-style: none; font-size: .87rem; }
.units li { display: grid; grid-template-columns: 1fr auto; gap: .05rem .6rem; padding: .25rem 0; }
.units .unit { font-weight: 600; } .units .unit small { font-weight: 400; color: var(--mark); margin-left: .35rem; }
.units .cpu { color: var(--muted); }
.units .bar { grid-column: 1 / -1; height: .4rem; border-radius: .2rem; background: var(--band); overflow: hidden; }
.units .bar i { display: block; height: 100%; background: var(--line-0); }
.busy, .running { --mark: var(--good); } .idle { --mark: var(--muted); } .starting, .stopping, .draining { --mark: var(--unsure); }
`;

const TABLES = `
.scroll { overflow-x: auto; margin: .6rem 0 0; }
table { border-collapse: collapse; min-width: 100%; font-size: .92rem; }
th, td { padding: .32rem 1.6rem .32rem 0; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; vertical-align: middle; }
thead th { color: var(--muted); font-weight: 500; font-size: .84rem; }
tbody th { font-weight: 500; }
td.number, th.number { text-align: right; }
td small { color: var(--muted); }
tr.now { background: var(--panel); } th small { color: var(--good); font-weight: 600; margin-left: .5rem; }
.failed { color: var(--bad); font-weight: 600; } .done { color: var(--muted); }
.letter { display: inline-block; min-width: 1.5rem; margin-right: .5rem; padding: 0 .3rem; text-align: center; font-weight: 600; line-height: 1.4rem; border-radius: .25rem;
  border: 1px solid var(--line); border-bottom: 3px solid var(--color, var(--line)); background: var(--paper); }
tbody button { padding: .05rem .3rem; margin-left: -.3rem; border: 0; background: none; color: var(--link); text-align: left; font: .95em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
tbody button:hover { text-decoration: underline; }
.share { display: inline-flex; align-items: center; gap: .5rem; } .share i { width: .7rem; height: .7rem; border-radius: .15rem; }

dialog { width: min(64rem, calc(100vw - 2rem)); max-height: calc(100dvh - 3rem); padding: 0; border: 1px solid var(--line); border-radius: .5rem; background: var(--paper); color: var(--ink);
  box-shadow: 0 1rem 3rem var(--shade); }
dialog::backdrop { background: #00000066; }
.trace { padding: 1.1rem 1.35rem 1.35rem; }
.trace h2 { margin: 0; font-size: 1.15rem; overflow-wrap: anywhere; }
.trace .top { display: flex; justify-content: space-between; align-items: start; gap: 1rem; }
.waterfall { margin-top: 1rem; font-size: .9rem; table-layout: fixed; width: 100%; }
.waterfall th, .waterfall td { padding: .22rem 0; border-bottom: 1px solid var(--band); }
.waterfall col.what { width: 15rem; } .waterfall col.how { width: 9.5rem; }
.waterfall th { font-weight: 400; overflow: hidden; text-overflow: ellipsis; padding-right: .75rem; }
.waterfall tr.root th { font-weight: 600; }
.waterfall .track { position: relative; height: 1.1rem; }
.waterfall .track i { position: absolute; top: .12rem; bottom: .12rem; min-width: 2px; border-radius: .15rem; }
.waterfall .ticks { position: relative; height: 1.2rem; } .waterfall .ticks span { position: absolute; transform: translateX(-50%); }
.waterfall .ticks span:first-child { transform: none; } .waterfall .ticks span:last-child { transform: translateX(-100%); }
.waterfall tbody td:nth-child(2) { background: repeating-linear-gradient(90deg, var(--line) 0 1px, transparent 1px 25%); }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1.25rem; margin: 1.1rem 0 0; font-size: .87rem; }
.facts dt { color: var(--muted); } .facts dd { margin: 0; overflow-wrap: anywhere; }
`;

const PHONE = `
@media (max-width: 700px) {
  body { padding: 0 .9rem 3rem; } header { position: static; margin: 0 -.9rem; padding: .6rem .9rem; }
  h1 small { display: block; margin: 0; }
  .tiles { grid-template-columns: repeat(3, 1fr); } .tiles > div { padding: .45rem .6rem; } .tiles dd { font-size: 1.2rem; } .tiles dt { font-size: .78rem; }
  .plot { height: 9.5rem; } .controls { gap: .4rem .6rem; }
  fieldset label, button, select { padding: .35rem .65rem; }
  dialog { width: 100vw; max-width: 100vw; max-height: 92dvh; margin: auto 0 0; border-width: 1px 0 0; border-radius: .5rem .5rem 0 0; }
  .trace { padding: 1rem .9rem; }
  .waterfall, .waterfall tbody, .waterfall thead { display: block; }
  .waterfall tr { display: grid; grid-template-columns: 1fr auto; padding: .3rem 0; border-bottom: 1px solid var(--band); }
  .waterfall th, .waterfall td { border: 0; padding: 0; } .waterfall td:nth-child(2), .waterfall th:nth-child(2) { grid-column: 1 / -1; grid-row: 2; overflow: visible; }
  .waterfall thead th:first-child, .waterfall thead th:last-child { display: none; }
}
@media (prefers-contrast: more) { :root { --muted: var(--ink); --line: var(--ink); } }
`;

export const STYLE = [PAGE, FIGURES, TABLES, PHONE].join('');
