/** `gatebench bench`: reads what is asked, and hands it to the orchestrator. */
import { type Command, EXIT, refuse } from './command.ts';
import { flagLines, helpLines, readFlags } from './flags.ts';
import { BENCH_FLAGS, type BenchOptions, CLAIMS, parseBenchOptions, type ScenarioCatalogue } from './options.ts';

export interface BenchParts {
  catalogue(): Promise<ScenarioCatalogue>;
  run(options: BenchOptions): Promise<number>;
}

export function benchCommand(parts: BenchParts): Command {
  return {
    name: 'bench',
    summary: 'measure gateways, and write a report',
    async run(argv, io) {
      const catalogue = await parts.catalogue();
      if (readFlags(argv, BENCH_FLAGS).values.has('help')) {
        io.out(helpOf(catalogue));
        return EXIT.pass;
      }
      const parsed = parseBenchOptions(argv, catalogue, io.watched);
      return parsed.ok ? parts.run(parsed.options) : refuse(io, 'gatebench bench', parsed.problems);
    },
  };
}

function helpOf({ scenarios, defaults }: ScenarioCatalogue): string {
  const further = defaults.full.filter((name) => !defaults.quick.includes(name));
  const more = further.length === 0 ? '' : `, with --full also ${further.join(', ')}`;
  const rows = Object.values(scenarios).map(({ name, asks }) => [name, asks] as const);
  return `usage: gatebench bench [scenario…] [options]

${flagLines(BENCH_FLAGS)}
Scenarios (${CLAIMS}, the default, is ${defaults.quick.join(', ')}${more}):
${helpLines(rows)}
An arm is CLIENT LEG > UPSTREAM LEG / HISTORY / EXECUTION [ @ CONDITIONS ], a leg TRANSPORT/ENVELOPE/CONNECTION:
  'websocket/responses/multiplexed>sse/chat/kept/full/thread@arrivals=together,flushMs=1'
  bare/sse and bare/websocket are hand-written relays, direct/LEG is no gateway at all.

Exit status: 0 pass, 1 failure or nothing valid measured, 2 bad usage, 99 a threshold did not hold.
`;
}
