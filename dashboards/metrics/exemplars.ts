/**
 * Exemplars: for each bucket of a latency histogram the trace of one turn that fell into it, so that a click on a
 * dashboard's bar leads to a waterfall. The SDK has none. Kept is the slowest of the last minute: the trace that is
 * asked for is the one that hurts, and one that is older may not be in anybody's ring any more.
 *
 * Bounded: one for each bucket of each series, and series are bounded by their labels; beyond the bound for all together
 * none is added.
 */

export interface Exemplar {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId?: string;
  /** In the unit of the metric. */
  readonly value: number;
  readonly atMs: number;
}

export interface ExemplarSource {
  /** By the index of their bucket. */
  of(metric: string, labels: Readonly<Record<string, unknown>>): readonly (Exemplar | undefined)[] | undefined;
}

export interface ExemplarOptions {
  exemplarsMax?: number;
  keepMs?: number;
  /** Wall clock. */
  nowMs?: () => number;
}

export class Exemplars implements ExemplarSource {
  readonly #exemplarsMax: number;
  readonly #keepMs: number;
  readonly #nowMs: () => number;
  readonly #series = new Map<string, (Exemplar | undefined)[]>();
  #count = 0;

  constructor({ exemplarsMax = 4_096, keepMs = 60_000, nowMs = Date.now }: ExemplarOptions = {}) {
    this.#exemplarsMax = exemplarsMax;
    this.#keepMs = keepMs;
    this.#nowMs = nowMs;
  }

  get count(): number {
    return this.#count;
  }

  /** @param boundaries upper bounds of the metric's buckets; the last bucket has none */
  offer(
    metric: string,
    labels: Readonly<Record<string, unknown>>,
    boundaries: readonly number[],
    { value, ...trace }: Pick<Exemplar, 'traceId' | 'spanId' | 'value'>,
  ): void {
    const found = boundaries.findIndex((boundary) => value <= boundary);
    const bucket = found === -1 ? boundaries.length : found;
    const key = keyOf(metric, labels);
    const series = this.#series.get(key) ?? [];
    const atMs = this.#nowMs();
    const kept = series[bucket];
    if (kept && kept.value > value && atMs - kept.atMs < this.#keepMs) return;
    if (!kept) {
      if (this.#count >= this.#exemplarsMax) return;
      this.#count += 1;
    }
    series[bucket] = { ...trace, value, atMs };
    this.#series.set(key, series);
  }

  of(metric: string, labels: Readonly<Record<string, unknown>>): readonly (Exemplar | undefined)[] | undefined {
    return this.#series.get(keyOf(metric, labels));
  }
}

function keyOf(metric: string, labels: Readonly<Record<string, unknown>>): string {
  return JSON.stringify([metric, ...Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
