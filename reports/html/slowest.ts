/** The slowest turns of each arm, and some that failed: what each was made of as a bar, and the trace to look for. */
import { quantity } from '../format.ts';
import { PHASES, phaseTitle, RESIDUAL } from '../phases.ts';
import type { Arm, SlowTurn } from '../report.ts';
import { stackedBar } from './plots.ts';
import { type Html, html } from './template.ts';
import { armTerm } from './terms.ts';
import { heading, type View, viewName } from './view.ts';

/** Of each arm; report.json has the others. */
const SHOWN_MAX = 5;

export function slowestPart(view: View): Html | undefined {
  const { arms, scenario } = view;
  const rows = arms.flatMap((arm) => (arm.slowest ?? []).slice(0, SHOWN_MAX).map((turn) => ({ arm, turn })));
  if (rows.length === 0) return undefined;
  const longest = Math.max(...rows.map(({ turn }) => turn.turnMs));
  return html`
${heading(view, 'The slowest turns')}
<div class="scroll" tabindex="0" role="region" aria-label="The slowest turns, ${viewName(view)}"><table class="bars"><thead><tr><th scope="col">turn</th><th scope="col">phases<span class="hidden"> as a picture</span></th><th scope="col" class="number">time</th><th scope="col">most of it</th><th scope="col">outcome</th><th scope="col">trace</th></tr></thead>
<tbody>${rows.map(
    ({ arm, turn }) => html`<tr><th scope="row">${turnName(arm, turn)}</th>
<td class="bar">${stackedBar(partsOf(turn), longest, ({ name, value }) => `${name} ${quantity(value, 'ms')}`)}</td>
<td class="value">${quantity(turn.turnMs, 'ms')}</td><td>${mostOf(turn)}</td><td>${turn.outcome}</td><td class="codes">${turn.traceId === undefined ? undefined : html`<code>${turn.traceId}</code>`}</td></tr>`,
  )}</tbody></table></div>
<p class="muted">Traces lie in <code>traces.jsonl</code> beside report.json (OTLP JSON lines, for any trace viewer), under these ids.</p>`;

  function turnName(arm: Arm, { key }: SlowTurn): Html {
    return html`${armTerm(scenario, arm)} <small><code>${key}</code></small>`;
  }
}

/** By the colours of the split: each phase has its place, whether this turn has it or not. */
function partsOf({ phasesMs, residualMs }: SlowTurn) {
  const own = Object.keys(phasesMs).filter((key) => !PHASES.some((phase) => phase.key === key));
  const keys = [...PHASES.map(({ key }) => key), ...own];
  return [...keys.map((key) => ({ name: phaseTitle(key), value: phasesMs[key] ?? 0 })), { name: RESIDUAL.title, value: residualMs ?? 0 }];
}

function mostOf({ phasesMs }: SlowTurn): string {
  const [most] = Object.entries(phasesMs).sort(([, a], [, b]) => b - a);
  return most ? `${phaseTitle(most[0])}, ${quantity(most[1], 'ms')}` : 'not told';
}
