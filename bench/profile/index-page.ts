/** The first page of a profile folder: what there is to look at, and where the time went, thread by thread. */
import { quantity } from '../../reports/format.ts';
import { declarations, PALETTES } from '../../reports/html/palette.ts';
import { Html, html } from '../../reports/html/template.ts';
import type { ProfileIndex, ThreadResult } from './index-file.ts';

export function indexPage(index: ProfileIndex): string {
  const { scenario, arm, measureMs, startedAt, tools, threads, trouble, report, invalid, cpuMs } = index;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Profile: ${scenario}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<h1>Profile of ${scenario}</h1>
<p><code>${arm}</code>, ${quantity(measureMs, 'ms')} of load, ${startedAt.slice(0, 16).replace('T', ' ')} UTC</p>
${trouble === null ? undefined : html`<p class="bad">${trouble}</p>`}
${invalid.length === 0 ? undefined : html`<p class="bad">The load was not what it should have been: ${invalid.join('; ')}.</p>`}
<h2>Tools</h2>
<ul>${tools.map(({ tool, ok, files, reason }) => html`<li>${tool}: ${ok ? 'done' : 'not done'}${reason === null ? '' : ` (${reason})`} ${links(files)}</li>`)}</ul>
${report === null ? undefined : html`<p><a href="${report}">Report of the trial that was profiled</a>: a profiler costs time, so its figures are no measurement.</p>`}
<h2>Threads</h2>
${cpuMs === null ? undefined : html`<p>The gateway used ${quantity(cpuMs, 'ms')} of processor time. Not all of it is below: V8 takes a thread for idle from its wait for events until their callbacks run, so that what the kernel does to read sockets is in no function.</p>`}
${threads.map(thread)}
</body>
</html>
`.text;
}

function thread({ name, flame, reason, spanMs, busyMs, samples, top }: ThreadResult): Html {
  if (flame === null) return html`<h3>${name}</h3><p>No profile: ${reason ?? 'unknown'}.</p>`;
  return html`<h3>${name}</h3>
<p><a href="${flame}">Flame graph</a>; busy for ${quantity(busyMs, 'ms')} of ${quantity(spanMs, 'ms')} (${quantity(spanMs > 0 ? busyMs / spanMs : 0, 'fraction')}), ${samples} samples.</p>
<table><thead><tr><th scope="col">own</th><th scope="col">with callees</th><th scope="col">function</th><th scope="col">where</th></tr></thead>
<tbody>${top.map(
    (one) =>
      html`<tr><td>${quantity(one.selfShare, 'fraction')}</td><td>${quantity(one.totalShare, 'fraction')}</td><td>${one.function}</td><td>${one.where}</td></tr>`,
  )}</tbody></table>`;
}

function links(files: readonly string[]): Html[] {
  return files.map((file) => html`<a href="${encodeURIComponent(file)}">${file}</a> `);
}

const STYLE = `:root { ${declarations(PALETTES.light)} color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { ${declarations(PALETTES.dark)} } }
body { margin: 1rem auto; max-width: 70rem; padding: 0 1rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1, code { overflow-wrap: anywhere; }
a { color: var(--link); }
.bad { color: var(--bad); font-weight: bold; }
table { border-collapse: collapse; } th, td { padding: 2px 12px 2px 0; text-align: left; vertical-align: top; } td { overflow-wrap: anywhere; }
`;
