/**
 * A flame graph as one page that needs nothing else: each function is a bar as wide as its share of the time, what it
 * called below it. Bars are nested boxes, so that the browser lays them out; a click makes one as wide as the page.
 * The same functions stand in a table below, for whoever has no script or no eyes for widths.
 */
import { quantity } from '../../reports/format.ts';
import { declarations, PALETTES } from '../../reports/html/palette.ts';
import { Html, html } from '../../reports/html/template.ts';
import { type CallNode, type ThreadTime, topFunctions } from './cpu-profile.ts';
import { ownerOf, placeOf } from './frames.ts';

/** Narrower bars are left out: nobody could see them, and there are many. */
const SHARE_MIN = 1 / 2_000;
const TABLE_ROWS = 40;

export interface FlamePage {
  /** `agent-1 · sse/chat/kept>…`. */
  title: string;
  time: ThreadTime;
  /** Of this package: places in it are written from there. */
  root: string;
}

export function flamePage({ title, time, root }: FlamePage): string {
  const { spanMicros, activeMicros, samples } = time;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<h1>${title}</h1>
<p>Of ${quantity(spanMicros, 'us')} the thread was busy for ${quantity(activeMicros, 'us')} (${percent(activeMicros, spanMicros)}), seen in ${samples} samples. Widths are shares of the busy time; a click widens a bar, one on the first bar shows all again.</p>
<p class="key"><span class="own">own code</span> <span class="package">packages</span> <span class="node">Node</span> <span class="v8">V8 and native</span> <label>find <input type="search" id="find"></label></p>
<div id="flame">${activeMicros > 0 ? bar(time.root, activeMicros, root) : html`<p>Nothing ran.</p>`}</div>
<h2>Functions by their own time</h2>
<table><thead><tr><th scope="col">own</th><th scope="col">with callees</th><th scope="col">function</th><th scope="col">where</th></tr></thead>
<tbody>${topFunctions(time.root, TABLE_ROWS).map(
    ({ frame, selfMicros, totalMicros }) =>
      html`<tr><td>${percent(selfMicros, activeMicros)}</td><td>${percent(totalMicros, activeMicros)}</td><td>${frame.name}</td><td>${placeOf(frame, root)}</td></tr>`,
  )}</tbody></table>
<script>${new Html(SCRIPT)}</script>
</body>
</html>
`.text;
}

function bar(node: CallNode, allMicros: number, root: string): Html {
  const { frame, totalMicros, selfMicros } = node;
  const children = node.children.filter((child) => child.totalMicros / allMicros >= SHARE_MIN);
  const rest = totalMicros - children.reduce((sum, child) => sum + child.totalMicros, 0);
  const words = `${frame.name} ${placeOf(frame, root)}: ${percent(totalMicros, allMicros)}, own ${percent(selfMicros, allMicros)}`;
  return html`<div class="f" style="flex-grow:${Math.round(totalMicros)}"><button class="${ownerOf(frame)}" title="${words}">${frame.name}</button>${
    children.length === 0
      ? undefined
      : html`<div class="r">${children.map((child) => bar(child, allMicros, root))}<div style="flex-grow:${Math.round(rest)}"></div></div>`
  }</div>`;
}

export function percent(part: number, whole: number): string {
  return quantity(whole > 0 ? part / whole : 0, 'fraction');
}

const STYLE = `:root { ${declarations(PALETTES.light)} color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { ${declarations(PALETTES.dark)} } }
body { margin: 1rem; background: var(--paper); color: var(--ink); font: 14px/1.4 system-ui, sans-serif; }
h1 { font-size: 1.2rem; overflow-wrap: anywhere; }
#flame { overflow: hidden; }
.f { flex-basis: 0; min-width: 0; overflow: hidden; }
.r { display: flex; }
.r > div { flex-shrink: 1; flex-basis: 0; min-width: 0; }
.f > button { display: block; box-sizing: border-box; width: 100%; height: 19px; padding: 0 3px; border: 0; border-right: 1px solid var(--paper); border-bottom: 1px solid var(--paper); overflow: hidden; white-space: nowrap; text-align: left; color: var(--ink); font: 12px/18px ui-monospace, monospace; cursor: pointer; }
.f > button.hit { outline: 2px solid var(--bad); outline-offset: -2px; font-weight: bold; }
.own { background: var(--held); } .package { background: var(--part); } .node { background: var(--band); } .v8 { background: var(--against); }
.key span { padding: 1px 6px; } .key label { margin-left: 1rem; }
.off { display: none; }
table { border-collapse: collapse; } th, td { padding: 2px 10px 2px 0; text-align: left; vertical-align: top; } td { overflow-wrap: anywhere; }
`;

const SCRIPT = `const flame = document.getElementById('flame');
flame.addEventListener('click', ({ target }) => {
  if (target.tagName !== 'BUTTON') return;
  for (const hidden of flame.querySelectorAll('.off')) hidden.classList.remove('off');
  for (let box = target.parentElement; box.parentElement !== flame; box = box.parentElement.parentElement)
    for (const other of box.parentElement.children) if (other !== box) other.classList.add('off');
});
document.getElementById('find').addEventListener('input', ({ target }) => {
  const word = target.value.toLowerCase();
  for (const bar of flame.querySelectorAll('button')) bar.classList.toggle('hit', word !== '' && bar.title.toLowerCase().includes(word));
});
`;
