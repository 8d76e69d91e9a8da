/** The page's style: one column, two colour schemes by the reader's preference, and a print form that is always light. */

const LIGHT = `
  --paper: #ffffff; --panel: #f5f7f9; --ink: #1a1f25; --muted: #56616c; --line: #d7dde3; --link: #1d56c0;
  --good: #0b7a4b; --bad: #bf2130; --unsure: #96600a; --same: #56616c; --band: #e6ebf0; --shade: #00000033;`;
const DARK = `
  --paper: #14181c; --panel: #1c2126; --ink: #e7ebee; --muted: #9ba7b2; --line: #343c44; --link: #85aeff;
  --good: #45c48a; --bad: #ff7a7a; --unsure: #e3ad45; --same: #9ba7b2; --band: #29313a; --shade: #ffffff40;`;

export const STYLE = `
:root { color-scheme: light dark; ${LIGHT} }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.25rem 1.25rem 4rem; max-width: 76rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; -webkit-text-size-adjust: 100%; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
h1, h2, h3 { line-height: 1.2; }
h1 { margin: 0; font-size: 1.05rem; font-weight: 600; color: var(--muted); }
h2 { margin: 3rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 1.5rem; }
h3 { margin: 2rem 0 .5rem; font-size: 1rem; }
p { margin: .4rem 0; max-width: 46rem; }
code { font: .88em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
small, .muted { color: var(--muted); }
.verdict { margin: .75rem 0 1rem; padding: 1rem 1.25rem; background: var(--panel); border-left: .4rem solid var(--mark); border-radius: .25rem; }
.verdict strong { display: block; font-size: 1.9rem; line-height: 1.15; color: var(--mark); text-transform: uppercase; letter-spacing: .02em; }
.verdict p { font-size: 1.1rem; margin-bottom: 0; }
.verdict ul { margin: .75rem 0 0; padding-left: 1.1rem; max-width: 60rem; }
.verdict li { margin: .2rem 0; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: .75rem 0; }
.good { --mark: var(--good); } .bad { --mark: var(--bad); } .unsure { --mark: var(--unsure); } .same { --mark: var(--same); }
.mark { color: var(--mark); font-weight: 600; white-space: nowrap; }
.reason { display: block; color: var(--muted); font-size: .87rem; max-width: 34rem; }
.scroll { overflow-x: auto; margin: .5rem 0; max-width: 100%; width: fit-content;
  background: linear-gradient(90deg, transparent, var(--paper) 70%) right / 2.5rem 100% no-repeat local,
    linear-gradient(90deg, transparent, var(--shade)) right / 1rem 100% no-repeat scroll; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { color: var(--muted); font-weight: 500; font-size: .87rem; white-space: nowrap; }
tbody th { font-weight: 500; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.value { white-space: nowrap; }
td.codes { white-space: nowrap; }
td.value i { font-style: normal; color: var(--muted); }
.scroll tbody th, .scroll thead th:first-child { position: sticky; left: 0; background: var(--paper); }
.notes { margin: .3rem 0; padding: 0; list-style: none; color: var(--muted); font-size: .87rem; }
.arms { margin: .75rem 0; padding: 0; list-style: none; }
.arms li { display: flex; align-items: center; gap: .6rem; margin: .25rem 0; }
.letter { flex: none; width: 1.6rem; text-align: center; font-weight: 600; border: 1px solid var(--line); border-radius: .25rem; background: var(--panel); height: 1.6rem; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.25rem; margin: .5rem 0; }
.facts dt { color: var(--muted); } .facts dd { margin: 0; overflow-wrap: anywhere; }
svg { display: block; overflow: visible; }
.forest { width: 100%; }
.forest td, .forest th { vertical-align: middle; padding-top: .2rem; padding-bottom: .2rem; }
.forest .pair { white-space: nowrap; }
.forest .plot { width: 45%; min-width: 12rem; padding: 0 2.25rem 0 1.25rem; }
.forest tbody .plot svg { height: 1.9rem; }
.forest .plot text { fill: var(--muted); font-size: .75rem; }
.forest .grid { stroke: var(--line); } .forest .one { stroke: var(--muted); } .forest .band { fill: var(--band); }
.forest .ci { stroke: var(--mark); stroke-width: 3; } .forest .dot { fill: var(--mark); stroke: var(--paper); stroke-width: 1.5; }
.bars { width: 100%; }
.bars td.bar { width: 75%; min-width: 10rem; vertical-align: middle; }
.bars rect { stroke: var(--paper); stroke-width: 1; }
.legend { display: flex; flex-wrap: wrap; gap: .15rem 1rem; margin: .3rem 0; padding: 0; list-style: none; font-size: .87rem; }
.legend i { display: inline-block; width: .75rem; height: .75rem; margin-right: .35rem; border-radius: .15rem; vertical-align: -.05rem; }
.glossary dt { margin-top: .9rem; font-weight: 600; } .glossary dd { margin: .1rem 0 0; max-width: 46rem; }
.glossary dt small { font-weight: 400; }
:target { background: var(--band); }
@media (max-width: 640px) {
  body { padding: 1rem .9rem 3rem; }
  h1 small { display: block; }
  .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: .4rem; }
  .forest thead th:not(.plot) { display: none; }
  .forest, .forest thead, .forest tbody { display: block; }
  .forest tr { display: grid; grid-template-columns: 1fr auto; padding: .45rem 0; border-bottom: 1px solid var(--line); }
  .forest th, .forest td { border: 0; padding: 0; white-space: normal; }
  .forest .plot { grid-column: 1 / -1; grid-row: 2; width: auto; min-width: 0; padding: 0 1.6rem; }
  .forest .ratio { grid-column: 1; grid-row: 3; } .forest .result { grid-column: 1 / -1; grid-row: 4; }
  .forest .result[data-label]::before { content: attr(data-label) ": "; color: var(--muted); }
  .forest .result:has(> .mark) { display: contents; } .forest .result > .mark { grid-column: 2; grid-row: 3; text-align: right; }
  .forest .result > * { grid-column: 1 / -1; } .forest .result > small { text-align: right; }
  .forest .pair { grid-column: 2; grid-row: 1; text-align: right; } .forest .measure { grid-column: 1; grid-row: 1; }
  .bars th small { display: block; }
  .scroll:has(> .cards) { width: auto; }
  .cards thead { display: none; } .cards, .cards tbody, .cards tr, .cards td, .cards th { display: block; }
  .cards tr { padding: .5rem 0; border-bottom: 1px solid var(--line); } .cards td, .cards th { border: 0; padding: .05rem 0; white-space: normal; }
  .cards td[data-label]::before { content: attr(data-label) ": "; color: var(--muted); }
}
@media print {
  :root { color-scheme: light; ${LIGHT} }
  body { max-width: none; padding: 0; font-size: 10pt; } nav { display: none; }
  h2, h3 { break-after: avoid; } tr, .verdict, li, .glossary dd { break-inside: avoid; }
  .forest .ratio { white-space: nowrap; } .forest .plot { width: 32%; min-width: 8rem; padding: 0 1.6rem 0 1rem; }
  .scroll { overflow: visible; background: none; } th, td { padding-right: .5rem; } td.value, tbody th { white-space: normal; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
