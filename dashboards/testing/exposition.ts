/**
 * Pages as the three processes would give them, made from the catalogue alone: every metric with every value of every
 * label, and counts that grow with each reading. What a query asks of the catalogue is there; whether a process really
 * gives it, only a real run can tell.
 */
import { createServer, type Server } from 'node:http';
import { CATALOG, type Metric, type MetricProcess, prometheusLabel } from '../catalog.ts';

export class CataloguePages implements AsyncDisposable {
  readonly #server: Server;
  readonly port: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(process: MetricProcess): Promise<CataloguePages> {
    let readings = 0;
    const server = createServer((_request, response) => {
      readings += 1;
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(page(process, readings));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return new CataloguePages(server, address.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }
}

/** All that one process gives. */
export function page(process: MetricProcess, reading: number): string {
  return CATALOG.filter(({ emittedBy }) => emittedBy.includes(process))
    .map((metric) => family(metric, reading))
    .join('');
}

function family(metric: Metric, reading: number): string {
  const { prometheus, instrument, description } = metric;
  const type = instrument === 'updowncounter' ? 'gauge' : instrument;
  const lines = [`# HELP ${prometheus} ${description}`, `# TYPE ${prometheus} ${type}`];
  for (const labels of combinations(metric)) {
    if (instrument === 'histogram') lines.push(...histogram(metric, labels, reading));
    else lines.push(`${prometheus}${braces(labels)} ${instrument === 'counter' ? 10 * reading : 1}`);
  }
  return `${lines.join('\n')}\n`;
}

/** One observation in each bucket and one beyond, for each reading. */
function histogram({ prometheus, buckets = [] }: Metric, labels: readonly string[], reading: number): string[] {
  const bounds = [...buckets.map(String), '+Inf'];
  const sum = reading * (buckets.reduce((total, bound) => total + bound, 0) + 2 * (buckets.at(-1) ?? 0));
  return [
    ...bounds.map((bound, index) => `${prometheus}_bucket${braces([...labels, `le="${bound}"`])} ${(index + 1) * reading}`),
    `${prometheus}_sum${braces(labels)} ${sum}`,
    `${prometheus}_count${braces(labels)} ${bounds.length * reading}`,
  ];
}

/** Each value of each label at least once, with the first values of the others. */
function combinations({ labels }: Metric): string[][] {
  const all = labels.map(({ name, values = ['some', 'another'] }) => values.map((value) => `${prometheusLabel(name)}="${value}"`));
  const first = all.map(([value]) => value!);
  const others = all.flatMap((values, at) => values.slice(1).map((value) => first.with(at, value)));
  return [first, ...others];
}

const braces = (labels: readonly string[]) => (labels.length === 0 ? '' : `{${labels.join(',')}}`);
