/**
 * The report as one page: no script, no network, nothing to install; readable on a phone, in the dark and on paper.
 * First the verdict and how far it is to be trusted, then claims, thresholds and each scenario, last the machine, how to
 * run it again, and what every measure means.
 */
import { accountsText, addTurns, commandText, environmentFacts, tallyText, thresholdValue, verdictSentence, whyOf } from '../digest.ts';
import { duration } from '../format.ts';
import type { Report } from '../report.ts';
import { trustOf } from '../trust.ts';
import { claimsSection } from './claims.ts';
import { scenarioSection } from './scenario.ts';
import { STYLE } from './style.ts';
import { anchor, Html, html } from './template.ts';
import { definitions, glossary, wordTerm } from './terms.ts';

const VERDICT_MARKS = { pass: 'good', fail: 'bad', inconclusive: 'unsure' } as const;

/** A page of more is no pleasure to send or to open. */
export const PAGE_BYTES_MAX = 1_000_000;

/**
 * What would become too large has charts of the first group of each scenario's arms alone; their numbers stay.
 * @param beside files in the same folder to link to: the same report in other forms.
 */
export function renderHtml(report: Report, beside: readonly string[] = []): string {
  const page = pageOf(report, beside, 'all');
  return Buffer.byteLength(page) <= PAGE_BYTES_MAX ? page : pageOf(report, beside, 'first');
}

function pageOf(report: Report, beside: readonly string[], charts: 'all' | 'first'): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${report.tool.name}: ${report.verdict}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
${head(report, beside)}
<main>
${claimsSection(report.claims)}
${thresholds(report)}
${charts === 'first' ? html`<p class="muted">To keep this page small, of each scenario only the first of the folded parts has charts; all have their numbers.</p>` : undefined}
${report.scenarios.map((scenario) => scenarioSection(scenario, charts))}
${machine(report)}
${glossary()}
${definitions()}
</main>
</body>
</html>
`.text;
}

function head(report: Report, beside: readonly string[]): Html {
  const comparisons = report.scenarios.flatMap((scenario) => scenario.comparisons);
  const turns = addTurns(report.scenarios.flatMap(({ arms }) => arms.map((arm) => arm.turns)));
  const links: [string, string][] = [
    ...(report.claims.length > 0 ? [['claims', 'Claims'] as [string, string]] : []),
    ...(report.thresholds.length > 0 ? [['thresholds', 'Thresholds'] as [string, string]] : []),
    ...report.scenarios.map(({ name }): [string, string] => [anchor('scenario', name), name]),
    ['machine', 'Machine and run'],
    ['glossary', 'What the measures mean'],
  ];
  return html`<header>
<h1>${report.tool.name} ${report.tool.version} <small>${report.startedAt.slice(0, 16).replace('T', ' ')} UTC, ${duration(report.durationMs)}</small></h1>
<div class="head"><div class="verdict ${VERDICT_MARKS[report.verdict]}"><strong>${report.verdict}</strong>
<p>${verdictSentence(report)}</p>
<ul>${whyOf(report).map((line) => html`<li>${line}</li>`)}<li>${tallyText(comparisons)}.</li>${turns.offered > 0 ? html`<li>Turns: ${accountsText(turns)}.</li>` : undefined}</ul></div>
${trust(report)}</div>
<nav aria-label="Parts of the report">${links.map(([id, text]) => html`<a href="#${id}">${text}</a>`)}${beside.map((file) => html`<a href="${encodeURIComponent(file)}">${file}</a>`)}</nav>
</header>`;
}

function trust(report: Report): Html {
  const { whole, lines } = trustOf(report);
  const [first, ...rest] = lines;
  return html`<div class="trust ${whole ? 'good' : 'unsure'}"><p>${wordTerm('valid', 'Validity')}: <span class="mark">${first}</span></p>
<ul>${rest.map((line) => html`<li>${line}</li>`)}</ul></div>`;
}

function thresholds(report: Report): Html | undefined {
  if (report.thresholds.length === 0) return undefined;
  return html`
<section aria-labelledby="thresholds">
<h2 id="thresholds">Thresholds</h2>
<table class="cards" aria-labelledby="thresholds"><tbody>${report.thresholds.map(
    ({
      expression,
      ok,
      value,
      unit,
      reason,
    }) => html`<tr class="${ok ? 'good' : 'bad'}"><td><span class="mark">${ok ? 'met' : 'missed'}</span></td>
<th scope="row"><code>${expression}</code></th><td>${thresholdValue(value, unit, reason)}</td></tr>`,
  )}</tbody></table>
</section>`;
}

function machine(report: Report): Html {
  return html`
<section aria-labelledby="machine">
<h2 id="machine">Machine and run</h2>
<dl class="facts">${environmentFacts(report.environment).map(({ name, value }) => html`<dt>${name}</dt><dd>${value}</dd>`)}
<dt>Seed</dt><dd>${report.seed}</dd>
<dt>Command</dt><dd><code>${commandText(report.command)}</code></dd></dl>
<p class="muted">Absolute times belong to this machine and this hour; ratios were measured side by side and travel better.</p>
</section>`;
}
