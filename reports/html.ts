/**
 * The report as one page: no script, no network, nothing to install; readable on a phone, in the dark and on paper.
 * First the verdict and what decided it, then claims, thresholds and each scenario, last the machine, how to run it
 * again, and what every measure means.
 */
import {
  accountsText,
  addTurns,
  CLAIM_WORDS,
  claimedText,
  commandText,
  environmentFacts,
  headlineOf,
  readingText,
  tallyText,
  thresholdValue,
  verdictSentence,
  whyOf,
} from './digest.ts';
import { duration, quantity } from './format.ts';
import { measureLink, scenarioSection, withMutedInterval } from './html-scenario.ts';
import { STYLE } from './html-style.ts';
import { anchor, Html, html } from './html-template.ts';
import { MEASURES } from './measures.ts';
import type { ClaimVerdict, Report } from './report.ts';

const VERDICT_MARKS = { pass: 'good', fail: 'bad', inconclusive: 'unsure' } as const;
const CLAIM_MARKS: Readonly<Record<ClaimVerdict, string>> = {
  reproduced: 'good',
  partly: 'unsure',
  'not-reproduced': 'bad',
  reversed: 'bad',
  inconclusive: 'unsure',
};

export function renderHtml(report: Report): string {
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
${head(report)}
<main>
${claims(report)}
${thresholds(report)}
${report.scenarios.map(scenarioSection)}
${machine(report)}
${glossary()}
</main>
</body>
</html>
`.text;
}

function head(report: Report): Html {
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
<div class="verdict ${VERDICT_MARKS[report.verdict]}"><strong>${report.verdict}</strong>
<p>${verdictSentence(report)}</p>
<ul>${whyOf(report).map((line) => html`<li>${line}</li>`)}<li>${tallyText(comparisons)}.</li>${turns.offered > 0 ? html`<li>Turns: ${accountsText(turns)}.</li>` : undefined}</ul></div>
<nav>${links.map(([id, text]) => html`<a href="#${id}">${text}</a>`)}</nav>
</header>`;
}

function claims(report: Report): Html | undefined {
  if (report.claims.length === 0) return undefined;
  return html`
<section>
<h2 id="claims">Claims</h2>
<p>Each claim was given one headline condition before the run; its verdict is the claim’s.</p>
${report.claims.map((claim) => {
  const headline = headlineOf(claim);
  return html`
<h3>${measureLink(claim.measure)}: claimed ${claimedText(claim)}</h3>
<div class="scroll"><table class="cards"><thead><tr><th>condition</th><th>measure</th><th>HTTP</th><th>WebSocket</th><th>measured</th><th>verdict</th></tr></thead>
<tbody>${claim.readings.map(
    (reading) => html`<tr class="${CLAIM_MARKS[reading.verdict]}">
<td>${reading.condition || 'as offered'}${reading === headline ? html` <small>(headline)</small>` : undefined}</td>
<td data-label="measure">${measureLink(reading.measure)}</td>
<td class="value" data-label="HTTP">${quantity(reading.http, reading.unit)}</td>
<td class="value" data-label="WebSocket">${quantity(reading.websocket, reading.unit)}</td>
<td class="value" data-label="measured">${withMutedInterval(readingText(reading))}</td>
<td><span class="mark">${CLAIM_WORDS[reading.verdict]}</span></td></tr>`,
  )}</tbody></table></div>
<p>${claim.explanation}</p>`;
})}
</section>`;
}

function thresholds(report: Report): Html | undefined {
  if (report.thresholds.length === 0) return undefined;
  return html`
<section>
<h2 id="thresholds">Thresholds</h2>
<table class="cards"><tbody>${report.thresholds.map(
    ({
      expression,
      ok,
      value,
      unit,
      reason,
    }) => html`<tr class="${ok ? 'good' : 'bad'}"><td><span class="mark">${ok ? 'met' : 'missed'}</span></td>
<td><code>${expression}</code></td><td>${thresholdValue(value, unit, reason)}</td></tr>`,
  )}</tbody></table>
</section>`;
}

function machine(report: Report): Html {
  return html`
<section>
<h2 id="machine">Machine and run</h2>
<dl class="facts">${environmentFacts(report.environment).map(({ name, value }) => html`<dt>${name}</dt><dd>${value}</dd>`)}
<dt>Seed</dt><dd>${report.seed}</dd>
<dt>Command</dt><dd><code>${commandText(report.command)}</code></dd></dl>
<p class="muted">Absolute times belong to this machine and this hour; ratios were measured side by side and travel better.</p>
</section>`;
}

const WORDS: readonly [string, string][] = [
  [
    'launch',
    'One fresh start of every arm’s gateway. Short trials of the arms alternate within it, in random order. Launches, not turns, are what an interval counts.',
  ],
  [
    'ratio',
    'Candidate divided by baseline, compared inside each launch and averaged over launches by the logarithm; below 1 the candidate has less.',
  ],
  [
    'interval',
    'In brackets: 95 % confidence over launches, by Student’s t; from twenty launches on by a bootstrap. “exact” was counted and is the same in every launch.',
  ],
  [
    'verdict',
    '“better” and “worse” are differences that hold after Holm’s adjustment for all comparisons of the report. “same” means shown to lie within the margin (the grey band), not merely not shown to differ. Else “inconclusive”, with the reason.',
  ],
  [
    'valid',
    'A trial counts only if the load generator and the mock LLM were on time, the offered rate was reached, and the machine kept its speed. Others are run again once, then excluded and counted.',
  ],
  [
    'turn, token',
    'A turn is one request to an agent and its reply. Tokens are counted where the mock LLM sends them, never guessed from chunks.',
  ],
];

function glossary(): Html {
  const better = { lower: 'lower is better', higher: 'higher is better' } as const;
  return html`
<section>
<h2 id="glossary">What the measures mean</h2>
<dl class="glossary">${MEASURES.map(
    ({ name, title, direction, definition }) =>
      html`<dt id="${anchor('measure', name)}"><code>${name}</code> ${title} <small>(${better[direction]})</small></dt><dd>${definition}</dd>`,
  )}
${WORDS.map(([word, definition]) => html`<dt>${word}</dt><dd>${definition}</dd>`)}</dl>
</section>`;
}
