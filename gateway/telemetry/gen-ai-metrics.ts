/**
 * Inferences by OpenTelemetry's GenAI conventions, under their names of either side: those were renamed in 2026
 * (`gen_ai.client.inference.*`; github.com/open-telemetry/semantic-conventions-genai). The convention's time per output
 * chunk is not here: it is recorded for every chunk, and nothing is, here.
 */
import { type GenAiNames, labelOf, type MetricNames } from '../../dashboards/catalog.ts';
import type { Instruments } from '../../dashboards/metrics/instruments.ts';
import type { LabelBounds } from '../../dashboards/metrics/labels.ts';
import type { TurnObserver } from '../turn-record.ts';

const NAMES: Readonly<Record<GenAiNames, { duration: MetricNames<'histogram'>; first: MetricNames<'histogram'> }>> = {
  latest: { duration: 'gen_ai.client.inference.duration', first: 'gen_ai.client.inference.time_to_first_chunk' },
  previous: { duration: 'gen_ai.client.operation.duration', first: 'gen_ai.server.time_to_first_token' },
};

const MODEL = 'gen_ai.request.model';
/** Whatever stands behind the address speaks OpenAI's protocols, and is asked for chats. */
const FIXED = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai' };

export interface GenAiMetricsOptions {
  instruments: Instruments;
  bounds: LabelBounds;
  genAiNames: GenAiNames;
}

export function genAiMetrics({ instruments, bounds, genAiNames }: GenAiMetricsOptions): TurnObserver {
  const names = NAMES[genAiNames];
  const duration = instruments.histogram(names.duration);
  const first = instruments.histogram(names.first);
  // Clients name models. Only one that the LLM has answered for takes a place among those that are told apart.
  const modelOf = bounds.learning(labelOf(names.duration, MODEL));
  return ({ turn, stamps, phases, outcome }) => {
    const { upstreamSentNs, upstreamFirstNs } = stamps;
    if (upstreamSentNs === 0) return;
    const labels = { ...FIXED, [MODEL]: modelOf(turn.model, outcome.kind === 'completed') };
    duration.record((phases.upstreamFirstToken + phases.upstreamStreaming) / 1e3, labels);
    if (upstreamFirstNs > 0) first.record((upstreamFirstNs - upstreamSentNs) / 1e9, labels);
  };
}
