/**
 * Definitions a tap, a click or a key away: a word or a measure's name is a button that opens its definition over the
 * page. The browser does that by itself (the popover attributes), so the page needs no script; on paper and in browsers
 * without popovers the glossary at the end says the same.
 */
import { lettersOf, nameOf } from '../arms.ts';
import { MEASURES, measureLabel, referTo } from '../measures.ts';
import { PHASES, RESIDUAL } from '../phases.ts';
import type { Arm, Scenario } from '../report.ts';
import { anchor, type Html, html } from './template.ts';

const BETTER = { lower: 'lower is better', higher: 'higher is better' } as const;

/** Words of the page that are no measures. */
const WORDS = {
  launch:
    'One fresh start of every arm’s gateway. Short trials of the arms alternate within it, in random order. Launches, not turns, are what an interval counts.',
  ratio:
    'Candidate divided by baseline, compared inside each launch and averaged over launches by the logarithm; below 1 the candidate has less.',
  difference:
    'Candidate less baseline inside each launch, averaged over launches: what a thing costs more, where how many times as much says little.',
  interval:
    'In brackets, and as a bar in pictures: 95 % confidence over launches, by Student’s t; from twenty launches on by a bootstrap. “exact” was counted and is the same in every launch.',
  verdict:
    '“better” and “worse” are differences that hold after Holm’s adjustment for all comparisons of the report. “same” means shown to lie within the margin (the grey band), not merely not shown to differ. Else “inconclusive”, with the reason.',
  improvement:
    'Of the value under HTTP, the share by which WebSocket is lower where lower is better; where higher is better, by how much it is higher.',
  'claim’s verdict':
    '“reproduced”: the whole interval of the improvement lies at or above what was claimed. “partly reproduced”: above 5 %, but not as much. “not reproduced”: within ±5 %. “reversed”: below −5 %. Else “inconclusive”. The reading that was declared the headline before the run decides.',
  ladder:
    'From the first arm to the last, one factor changed a rung, each measured against the arm before it; what the measure is then is the first arm’s value times the ratios so far. What a factor is worth can depend on what was changed before.',
  interaction: 'The same rung walked the other way, divided by the rung: 1 where it does not matter what else was changed before.',
  'percentile spectrum':
    'Which part of the turns took at most how long: at p99, all but the slowest hundredth. Lines end where fewer than ten samples lie beyond.',
  valid:
    'A trial counts only if the load generator and the mock LLM were on time, the offered rate was reached, and the machine kept its speed. Others are run again once, then excluded and counted.',
  'turn, token':
    'A turn is one request to an agent and its reply. Tokens are counted where the mock LLM sends them, never guessed from chunks.',
} as const;
export type Word = keyof typeof WORDS;

/** A measure's name as a button; plain where this version does not know the measure. */
export function measureTerm(reference: string, text = measureLabel(reference)): Html {
  const { name, measure } = referTo(reference);
  return measure ? button(anchor('define', name), text, measure.title) : html`${text}`;
}

export function wordTerm(word: Word, text: string = word): Html {
  return button(anchor('word', word), text);
}

/** A phase by its title; plain for whatever else a whole is made of. */
export function phaseTerm(title: string): Html {
  const phase = ALL_PHASES.find((one) => one.title === title);
  return phase ? button(anchor('phase', phase.key), title) : html`${title}`;
}

const ALL_PHASES = [...PHASES, RESIDUAL];

/** The letter of an arm, which opens what the arm is. */
export function armTerm(scenario: Scenario, arm: Arm): Html {
  return button(armId(scenario, arm), letterOf(scenario, arm), nameOf(arm), 'letter');
}

export function armDefinitions(scenario: Scenario): Html {
  return html`${scenario.arms.map((arm) => {
    const { factors, id } = arm;
    const name = nameOf(arm);
    const legs = [
      `Client ⇄ gateway: ${factors.clientTransport}, ${factors.clientEnvelope}, ${factors.clientConnection}.`,
      `Gateway ⇄ LLM: ${factors.upstreamTransport}, ${factors.upstreamEnvelope}, ${factors.upstreamConnection}.`,
      `History ${factors.history}; agents ${factors.execution}.`,
    ];
    const head = html`${letterOf(scenario, arm)}${name === undefined ? undefined : `: ${name}`}`;
    return popover(armId(scenario, arm), head, html`<code>${id}</code><br>${legs.join(' ')}`);
  })}`;
}

const letterOf = (scenario: Scenario, { id }: Arm): string => lettersOf(scenario).get(id) ?? id;
const armId = (scenario: Scenario, arm: Arm): string => anchor('arm', `${scenario.name} ${letterOf(scenario, arm)}`);

export function definitions(): Html {
  const measures = MEASURES.map(({ name, title, direction, definition }) =>
    popover(anchor('define', name), html`<code>${name}</code> ${title} <small>(${BETTER[direction]})</small>`, html`${definition}`),
  );
  const words = Object.entries(WORDS).map(([word, definition]) => popover(anchor('word', word), html`${word}`, html`${definition}`));
  const phases = ALL_PHASES.map(({ key, title, definition }) => popover(anchor('phase', key), html`${title}`, html`${definition}`));
  return html`${measures}${phases}${words}`;
}

/** All of them to be read in a row. */
export function glossary(): Html {
  return html`
<section aria-labelledby="glossary">
<h2 id="glossary">What the measures mean</h2>
<dl class="glossary">${MEASURES.map(
    ({ name, title, direction, definition }) =>
      html`<dt id="${anchor('measure', name)}"><code>${name}</code> ${title} <small>(${BETTER[direction]})</small></dt><dd>${definition}</dd>`,
  )}
${ALL_PHASES.map(({ title, definition }) => html`<dt>${title} <small>(phase)</small></dt><dd>${definition}</dd>`)}
${Object.entries(WORDS).map(([word, definition]) => html`<dt>${word}</dt><dd>${definition}</dd>`)}</dl>
</section>`;
}

function button(id: string, text: string, title?: string, name?: string): Html {
  const look = name === undefined ? undefined : html` class="${name}"`;
  const hint = title === undefined ? undefined : html` title="${title}"`;
  return html`<button${look} popovertarget="${id}"${hint}>${text}</button>`;
}

function popover(id: string, head: Html, body: Html): Html {
  return html`<div popover id="${id}" class="definition"><strong>${head}</strong><p>${body}</p></div>`;
}
