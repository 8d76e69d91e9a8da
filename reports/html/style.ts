/** The page's style: one column, two colour schemes by the reader's preference, and a print form that is always light. */
import { declarations, PALETTES } from './palette.ts';

const LIGHT = declarations(PALETTES.light);
const DARK = declarations(PALETTES.dark);

const PAGE = `
:root { color-scheme: light dark; ${LIGHT} }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
html { font-size: 93.75%; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.25rem 1.25rem 4rem; max-width: 81rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; -webkit-text-size-adjust: 100%; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
h1, h2, h3, h4 { line-height: 1.2; }
h1 { margin: 0; font-size: 1.05rem; font-weight: 600; color: var(--muted); }
h2 { margin: 2.5rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 1.5rem; }
h3 { margin: 2.25rem 0 .5rem; font-size: 1.08rem; }
h4 { margin: 1.5rem 0 .4rem; font-size: .95rem; }
p { margin: .4rem 0; max-width: 46rem; }
p, li { overflow-wrap: anywhere; }
code { font: .88em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
small, .muted { color: var(--muted); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:target { background: var(--band); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }

.verdict { padding: 1rem 1.25rem; background: var(--panel); border-left: .4rem solid var(--mark); border-radius: .25rem; }
.verdict strong { display: block; font-size: 1.9rem; line-height: 1.15; color: var(--mark); text-transform: uppercase; letter-spacing: .02em; }
.verdict p { font-size: 1.1rem; margin-bottom: 0; }
.verdict ul { margin: .6rem 0 0; padding-left: 1.1rem; max-width: 60rem; }
.verdict li { margin: .2rem 0; }
.head { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: .75rem; margin: .75rem 0; }
.trust { padding: .8rem 1.1rem; border: 1px solid var(--line); border-left: .4rem solid var(--mark); border-radius: .25rem; font-size: .92rem; }
.trust p { margin: 0; } .trust ul { margin: .3rem 0 0; padding-left: 1.1rem; color: var(--muted); }
.trust .mark { white-space: normal; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: .75rem 0; }
.good { --mark: var(--good); } .bad { --mark: var(--bad); } .unsure { --mark: var(--unsure); } .same { --mark: var(--same); }
.mark { color: var(--mark); font-weight: 600; white-space: nowrap; }
.reason { display: block; color: var(--muted); font-size: .87rem; max-width: 34rem; }
.notes { margin: .3rem 0; padding: 0; list-style: none; color: var(--muted); font-size: .87rem; max-width: 60rem; }

button { appearance: none; margin: 0; padding: 0; border: 0; background: none; color: inherit; font: inherit; text-align: inherit; cursor: help;
  text-decoration: underline dotted var(--muted) 1px; text-underline-offset: .2em; }
button:hover { color: var(--link); text-decoration-color: currentColor; }
.definition { margin: auto; padding: .9rem 1.1rem; width: min(30rem, calc(100vw - 2rem)); border: 1px solid var(--muted); border-radius: .35rem;
  background: var(--panel); color: var(--ink); box-shadow: 0 .5rem 1.5rem var(--shade); font-size: .92rem; }
.definition p { margin: .35rem 0 0; }
@supports (position-area: block-end) {
  .definition:popover-open { inset: auto; margin: .3rem; position-area: block-end span-inline-end;
    position-try-fallbacks: flip-inline, flip-block, flip-block flip-inline; }
}
@supports not selector(:popover-open) { .definition { display: none; } button { cursor: inherit; text-decoration: none; } }
.glossary dt { margin-top: .9rem; font-weight: 600; } .glossary dd { margin: .1rem 0 0; max-width: 46rem; }
.glossary dt small { font-weight: 400; }
details { margin: .5rem 0; } summary { cursor: pointer; color: var(--link); }
.group { margin: 1.5rem 0; } .group > summary h3 { display: inline; margin: 0; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.25rem; margin: .5rem 0; }
.facts dt { color: var(--muted); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.arms { margin: .75rem 0; padding: 0; list-style: none; }
.arms li { display: flex; align-items: center; gap: .6rem; margin: .25rem 0; }
.letter { display: inline-block; flex: none; min-width: 1.6rem; padding: 0 .25rem; text-align: center; text-decoration: none; font-weight: 600;
  border: 1px solid var(--line); border-radius: .25rem; background: var(--panel); line-height: 1.5rem; }
`;

const TABLES = `
.scroll { overflow-x: auto; margin: .5rem 0; max-width: 100%; width: fit-content;
  background: linear-gradient(90deg, transparent, var(--paper) 70%) right / 2.5rem 100% no-repeat local,
    linear-gradient(90deg, transparent, var(--shade)) right / 1rem 100% no-repeat scroll; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { color: var(--muted); font-weight: 500; font-size: .87rem; white-space: nowrap; }
tbody th { font-weight: 500; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.value, td.codes { white-space: nowrap; }
td i, p i { font-style: normal; color: var(--muted); }
.scroll tbody th, .scroll thead th:first-child { position: sticky; left: 0; background: var(--paper); }

.cards th { white-space: normal; } .cards, .forest { overflow-wrap: anywhere; }

.forest { width: 100%; }
.forest td, .forest th { vertical-align: middle; padding-top: .2rem; padding-bottom: .2rem; }
.forest .pair { white-space: nowrap; }
.forest .measure { white-space: normal; }
@media print, (min-width: 761px) {
  .readings { table-layout: fixed; overflow-wrap: anywhere; } .readings .ratio, .readings .pair, .readings .mark { white-space: normal; }
  .readings th:nth-child(1) { width: 22%; } .readings th:nth-child(2) { width: 15%; } .readings .plot { width: 26%; min-width: 0; }
  .readings th:nth-child(4) { width: 23%; } .readings th:nth-child(5) { width: 14%; }
}
.rungs { font-size: .92rem; width: 100%; align-self: center; } .rungs tbody th { white-space: normal; }
.forest .plot { width: 42%; min-width: 12rem; padding: 0 2.25rem 0 1.25rem; }
.forest tbody .plot svg { height: 1.9rem; }
.forest .plot text { fill: var(--muted); font-size: .75rem; }
.forest .grid { stroke: var(--line); } .forest .one { stroke: var(--muted); } .forest .band { fill: var(--band); }
.forest .claimed { stroke: var(--ink); stroke-width: 2; stroke-dasharray: 3 3; }
.forest .ci { stroke: var(--mark); stroke-width: 3; } .forest .dot { fill: var(--mark); stroke: var(--paper); stroke-width: 1.5; }

.bars { width: 100%; }
.bars td.bar { width: 75%; min-width: 10rem; vertical-align: middle; }
.bars rect { stroke: var(--paper); stroke-width: 1; }
.amount rect { fill: var(--whole); stroke: none; } .amount line { stroke: var(--ink); stroke-width: 1.5; } .amount .halo line { stroke: var(--paper); stroke-width: 4.5; }

.map { margin: .3rem 0; }
.map td, .map th { padding: .35rem .7rem; border: 1px solid var(--paper); white-space: nowrap; }
.map thead td { border: 0; }
.held { background: var(--held); } .part { background: var(--part); } .none { background: var(--band); } .legend .unknown { border-color: var(--muted); } .against { background: var(--against); }
.map td.held { font-weight: 600; }
`;

const PICTURES = `
svg { display: block; overflow: visible; }
.claims { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem; margin: 1rem 0; }
.claims article { padding: .9rem 1.1rem; background: var(--panel); border-top: .3rem solid var(--mark); border-radius: .25rem; }
.claims h3 { margin: 0; }
.claims .word { margin: .1rem 0 .5rem; font-size: 1.35rem; font-weight: 700; line-height: 1.2; color: var(--mark); }
.claims .condition { color: var(--muted); font-size: .87rem; }
.duel { width: 100%; margin-bottom: .5rem; }
.duel th, .duel td { padding: .1rem .6rem .1rem 0; border: 0; font-size: .92rem; vertical-align: middle; }
.duel .bar { width: 60%; } .duel .value { padding-right: 0; text-align: right; }
.duel .published rect { fill: var(--panel); stroke: var(--whole); stroke-width: 1.5; stroke-dasharray: 3 2; }

.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 32rem), 1fr)); gap: 1.25rem 2rem; align-items: start; }
.charts + .charts { margin-top: 1.25rem; }
.chart { margin: .5rem 0; min-width: 0; }
.chart figcaption { margin-bottom: .35rem; font-size: .92rem; }
.chart svg { width: 100%; height: auto; }
.chart .wide { max-width: 640px; } .chart .narrow { display: none; }
.chart text { dominant-baseline: central; paint-order: stroke; stroke: var(--paper); stroke-width: 3; }
.chart text:not([fill]) { fill: var(--muted); }
.legend { display: flex; flex-wrap: wrap; gap: .15rem 1.1rem; margin: .3rem 0; padding: 0; list-style: none; font-size: .87rem; }
.legend i { border: 1px solid transparent; display: inline-block; width: .75rem; height: .75rem; margin-right: .35rem; border-radius: .15rem; vertical-align: -.05rem; }
.legend li { overflow-wrap: anywhere; }
.legend .sample { display: inline-block; width: 34px; height: 10px; margin-right: .4rem; }
`;

const PHONE = `
@media screen and (max-width: 760px) {
  body { padding: 1rem .9rem 3rem; }
  h1 small { display: block; }
  .head { grid-template-columns: minmax(0, 1fr); }
  .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: .4rem; }
  .chart .wide { display: none; } .chart .narrow { display: block; max-width: 420px; }
  .definition, .definition:popover-open { inset: auto 0 0 0; margin: 0; width: 100%; max-width: none; border-width: 1px 0 0; border-radius: 0; position-area: none; }
  .forest thead th:not(.plot) { display: none; }
  .forest, .forest thead, .forest tbody { display: block; }
  .forest tr { display: grid; grid-template-columns: minmax(0, 1fr) fit-content(50%); overflow-wrap: anywhere; padding: .45rem 0; border-bottom: 1px solid var(--line); }
  .forest th, .forest td { border: 0; padding: 0; white-space: normal; }
  .forest .pair, .forest .mark, .forest .value { white-space: normal; }
  .forest .plot { grid-column: 1 / -1; grid-row: 2; width: auto; min-width: 0; padding: 0 1.6rem; }
  .forest .ratio { grid-column: 1; grid-row: 3; } .forest .result { grid-column: 1 / -1; grid-row: 4; }
  .forest .result[data-label]::before { content: attr(data-label) ": "; color: var(--muted); }
  .forest .result:has(> .mark) { display: contents; } .forest .result > .mark { grid-column: 2; grid-row: 3; text-align: right; }
  .forest .result > * { grid-column: 1 / -1; } .forest .result > small { text-align: right; }
  .forest .pair { grid-column: 2; grid-row: 1; text-align: right; } .forest .measure { grid-column: 1; grid-row: 1; }
  .rungs td.value { white-space: normal; }
  .bars, .bars tbody { display: block; }
  .bars tr { display: grid; grid-template-columns: 1fr auto; padding: .3rem 0; border-bottom: 1px solid var(--line); }
  .bars th, .bars td { border: 0; padding: 0; } .bars .bar { grid-column: 1 / -1; grid-row: 2; width: 100%; }
  .duel .bar { width: 40%; }
  .map td, .map th { padding: .3rem .45rem; } .map tr > th:first-child { max-width: 6.5rem; white-space: normal; }
  .scroll:has(> .cards) { width: auto; }
  .cards thead { display: none; } .cards, .cards tbody, .cards tr, .cards td, .cards th { display: block; }
  .cards tr { padding: .5rem 0; border-bottom: 1px solid var(--line); } .cards td, .cards th { border: 0; padding: .05rem 0; white-space: normal; }
}`;

const PAPER = `
@media print {
  :root { color-scheme: light; ${LIGHT} }
  html { font-size: 9.5pt; } body { max-width: none; padding: 0; } nav, .definition { display: none; }
  /* What the reader left folded stays so; but letters must be explained. */
  .legend-of-arms::details-content { content-visibility: visible; block-size: auto; } summary { list-style: none; color: inherit; }
  .group:not([open]) > summary::after { content: " (folded when this was printed)"; color: var(--muted); }
  h2, h3, h4 { break-after: avoid; } tr, .verdict, .chart, .claims article, li, .glossary dd { break-inside: avoid; }
  button { text-decoration: none; }
  .claims { grid-template-columns: 1fr 1fr; } .charts { grid-template-columns: 1fr 1fr; gap: 1rem; }
  .chart .wide { display: none; } .chart .narrow { display: block; }
  .forest .ratio { white-space: nowrap; } .forest .plot { width: 32%; min-width: 8rem; padding: 0 1.6rem 0 1rem; }
  .scroll { overflow: visible; background: none; } th, td { padding-right: .5rem; } td.value, tbody th { white-space: normal; }
  .duel th, .duel .value { white-space: nowrap; } .readings .ratio, .readings .mark { white-space: normal; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;

export const STYLE = [PAGE, TABLES, PICTURES, PHONE, PAPER].join('');
