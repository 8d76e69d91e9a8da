/** `gatebench schema`: the JSON Schemas of what people write and of what programs read. */
import { execFileSync } from 'node:child_process';
import { REPORT_SCHEMA } from '../../reports/schema.ts';
import { modulePath } from '../host/package.ts';
import { type Command, EXIT, refuse } from './command.ts';
import { flagLines, readFlags } from './flags.ts';
import { didYouMean } from './suggest.ts';

const NAME = 'gatebench schema';

const SCHEMAS: Readonly<Record<string, () => string>> = {
  // From the gateway's own process: nothing of the gateway is loaded into the instrument.
  config: () => execFileSync(process.execPath, [modulePath('gateway/main'), '--print-schema'], { encoding: 'utf8' }),
  report: () => `${JSON.stringify(REPORT_SCHEMA, null, 2)}\n`,
};

const HELP_TEXT = `usage: ${NAME} config|report

Prints a JSON Schema: of the gateway's configuration, or of report.json.

${flagLines([])}`;

export const schemaCommand: Command = {
  name: 'schema',
  summary: 'print the JSON Schema of the configuration or of report.json',
  async run(argv, io) {
    const { values, positionals, problems } = readFlags(argv, []);
    if (values.has('help')) {
      io.out(HELP_TEXT);
      return EXIT.pass;
    }
    const [name, ...rest] = positionals;
    const known = Object.keys(SCHEMAS);
    const print = name !== undefined && Object.hasOwn(SCHEMAS, name) ? SCHEMAS[name] : undefined;
    if (name === undefined) problems.push(`which one? ${known.join(' or ')}`);
    else if (!print) problems.push(`there is no schema ${name}${didYouMean(name, known) || `; there are ${known.join(', ')}`}`);
    for (const word of rest) problems.push(`${word} is one word too many`);
    if (problems.length > 0 || !print) return refuse(io, NAME, problems);
    io.out(print());
    return EXIT.pass;
  },
};
