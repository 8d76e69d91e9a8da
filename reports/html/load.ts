/** Load: what streams at once do to the service level, what a token costs the processor, and how trials went over time. */

import { lettersOf, nameOf } from '../arms.ts';
import { drawLoadCurves } from '../charts/load-curve.ts';
import { drawTimeline, TIMELINE_LINES, topsOf } from '../charts/timeline.ts';
import { cellOf } from '../digest.ts';
import { count, quantity } from '../format.ts';
import { curveText, timelineText } from '../load.ts';
import type { LoadCurve, Scenario } from '../report.ts';
import { figure, lineLegend } from './figure.ts';
import { withMutedInterval } from './interval.ts';
import { type DrawnArm, drawnArms, keysOf } from './overlay.ts';
import { amountBar } from './plots.ts';
import { type Html, html } from './template.ts';
import { armTerm, measureTerm } from './terms.ts';
import { heading, type View, viewName } from './view.ts';

type WithCurve = DrawnArm & { curve: LoadCurve };

export function curvesPart(view: View): Html | undefined {
  const drawn = drawnArms(view).flatMap((one): WithCurve[] => {
    const { curve } = one.arm;
    return curve && curve.points.length > 0 ? [{ ...one, curve }] : [];
  });
  if (drawn.length === 0) return undefined;
  const levels = Map.groupBy(drawn, ({ curve }) => JSON.stringify([curve.measure, curve.unit, curve.limit]));
  return html`
${heading(view, 'Streams at once against the service level')}
${[...levels.values()].flatMap((lines) => curves(view, lines) ?? [])}`;
}

function curves(view: View, lines: readonly WithCurve[]): Html | undefined {
  const [first] = lines;
  if (!first) return undefined;
  const { measure, unit, limit } = first.curve;
  const of = measureTerm(`${measure}.p99`);
  return html`
${lineLegend(keysOf(lines))}
<ul class="legend"><li>● held</li><li>□ did not hold: late, or for another reason (errors, a second limit, an instrument that gave out)</li><li>▼ held, △ did not, and how late is not known</li></ul>
<div class="charts">${
    view.charts
      ? figure({
          title: html`<strong>${of}</strong> over streams at once; limit ${quantity(limit, unit)}`,
          description: `${lines.map(({ letter, curve }) => `${letter}: ${curveText(curve)}`).join('. ')}.`,
          draw: (width, narrow) =>
            drawLoadCurves(
              lines.map(({ letter, stroke, curve }) => ({ letter, stroke, points: curve.points })),
              { limit, unit },
              { width, height: narrow ? 260 : 300 },
            ),
        })
      : undefined
  }
${triedPart(view, lines)}</div>`;
}

/** So many rows are as high as the chart beside them. */
const ROWS_BESIDE_MAX = 10;

function triedPart(view: View, lines: readonly WithCurve[]): Html {
  const rows = tried(lines);
  const numbers = html`<div class="scroll" tabindex="0" role="region" aria-label="Streams tried, ${viewName(view)}"><table><thead><tr><th scope="col">streams</th>${lines.map(({ arm }) => html`<th scope="col" class="number">${armTerm(view.scenario, arm)}</th>`)}</tr></thead>
<tbody>${rows.map(
    (streams) =>
      html`<tr><th scope="row">${count(streams)}</th>${lines.map(({ curve }) => html`<td class="number">${pointText(curve, streams)}</td>`)}</tr>`,
  )}</tbody></table></div>`;
  return rows.length <= ROWS_BESIDE_MAX
    ? numbers
    : html`<details><summary>All ${count(rows.length)} numbers of streams that were tried</summary>${numbers}</details>`;
}

function tried(lines: readonly WithCurve[]): number[] {
  return [...new Set(lines.flatMap(({ curve }) => curve.points.map(({ streams }) => streams)))].sort((a, b) => a - b);
}

/** Empty where it was not tried. */
function pointText({ points, unit }: LoadCurve, streams: number): string {
  const point = points.find((one) => one.streams === streams);
  if (!point) return '';
  if (point.p99 === null) return point.held ? '▼' : '△';
  return `${quantity(point.p99, unit)} ${point.held ? '●' : '□'}`;
}

const CPU = 'cpuPerToken';

export function cpuPart(scenario: Scenario): Html | undefined {
  const rows = scenario.arms.filter(({ metrics }) => (metrics[CPU]?.estimate ?? null) !== null);
  if (rows.length === 0) return undefined;
  const whole = Math.max(...rows.flatMap(({ metrics }) => [metrics[CPU]?.estimate ?? 0, metrics[CPU]?.interval?.[1] ?? 0]));
  return html`
<h3>${measureTerm(CPU, 'CPU per token')}</h3>
<table class="bars"><tbody>${rows.map(
    (arm) => html`<tr><th scope="row">${armTerm(scenario, arm)} <small>${nameOf(arm)}</small></th>
<td class="bar">${amountBar(arm.metrics[CPU]?.estimate ?? null, arm.metrics[CPU]?.interval ?? null, whole)}</td>
<td class="value">${withMutedInterval(cellOf(arm, CPU).text)}</td></tr>`,
  )}</tbody></table>`;
}

export function timelinesPart(scenario: Scenario): Html | undefined {
  const letters = lettersOf(scenario);
  const drawn = scenario.arms.flatMap((arm) =>
    arm.timeline ? [{ arm, letter: letters.get(arm.id) ?? arm.id, timeline: arm.timeline }] : [],
  );
  if (drawn.length === 0) return undefined;
  const tops = topsOf(drawn.map(({ timeline }) => timeline));
  return html`
<h3>Over time</h3>
${lineLegend(TIMELINE_LINES.map(({ name, stroke }) => ({ mark: '', name, stroke })))}
<div class="charts">${drawn.map(({ arm, letter, timeline }) =>
    figure({
      title: html`<strong>${letter}</strong> ${nameOf(arm)}`,
      description: `${letter} ${timelineText(timeline)}.`,
      draw: (width, narrow) => drawTimeline(timeline, tops, { width, height: narrow ? 280 : 300 }),
    }),
  )}</div>`;
}
