/** Percentile spectra of a scenario's arms, laid over each other: one chart a measure. */
import { nines, type Spectrum, spectrumOf } from '../charts/percentiles.ts';
import { drawSpectra } from '../charts/spectrum.ts';
import { quantity } from '../format.ts';
import { referTo } from '../measures.ts';
import { figure, lineLegend } from './figure.ts';
import { type DrawnArm, drawnArms, keysOf } from './overlay.ts';
import { type Html, html } from './template.ts';
import { measureTerm, wordTerm } from './terms.ts';
import { heading, type View } from './view.ts';

const DRAWN = ['turn', 'ttft', 'gatewayAdded', 'completionLag'];
/** What the words of a chart give of each line. */
const SAID = [0.5, 0.9, 0.99, 0.999];

export function distributionsPart(view: View): Html | undefined {
  if (!view.charts) return undefined;
  const arms = drawnArms(view).filter(({ arm }) => DRAWN.some((measure) => arm.histograms?.[measure] !== undefined));
  const charts = DRAWN.flatMap((measure) => spectra(measure, arms) ?? []);
  if (charts.length === 0) return undefined;
  return html`
${heading(view, wordTerm('percentile spectrum', 'Percentile spectra'))}
${lineLegend(keysOf(arms))}
<div class="charts">${charts}</div>`;
}

function spectra(measure: string, arms: readonly DrawnArm[]): Html | undefined {
  const encoded = arms.filter(({ arm }) => arm.histograms?.[measure] !== undefined);
  const lines = encoded.flatMap((drawn) => {
    const spectrum = spectrumOf(drawn.arm.histograms?.[measure] ?? '');
    return spectrum ? [{ ...drawn, spectrum }] : [];
  });
  if (lines.length === 0) return undefined;
  const missing = encoded.length - lines.length;
  const title = referTo(measure).measure?.title ?? measure;
  return figure({
    title: html`<strong>${measureTerm(measure, title)}</strong>`,
    note:
      missing === 0
        ? undefined
        : `${missing} ${missing === 1 ? 'arm has' : 'arms have'} too few samples, or a histogram that cannot be read`,
    description: `${title}, percentile spectra. ${lines.map(lineText).join(' ')}`,
    draw: (width, narrow) => drawSpectra(lines, { width, height: narrow ? 260 : 300 }),
  });
}

function lineText({ letter, spectrum }: DrawnArm & { spectrum: Spectrum }): string {
  const last = spectrum.points.at(-1)?.quantile ?? 0;
  const values = SAID.filter((quantile) => nines(quantile) <= nines(last) + 1e-9).map(
    (quantile) => `p${Number((100 * quantile).toFixed(1))} ${quantity(valueAt(spectrum, quantile), 'ms')}`,
  );
  return `${letter}: ${values.join(', ')}.`;
}

/** Of the points drawn, the first at or beyond the quantile. */
function valueAt({ points }: Spectrum, quantile: number): number | undefined {
  return points.find((point) => point.quantile >= quantile - 1e-9)?.ms;
}
