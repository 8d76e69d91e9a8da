/** `gatebench report`: a report.json in another form. */
import { readFileSync } from 'node:fs';
import { REPORT_FORMATS, renderReport } from '../../reports/render.ts';
import { type ReportResult, validateReport } from '../../reports/schema.ts';
import { type Command, EXIT, refuse } from './command.ts';
import { type Flag, flagLines, readFlags } from './flags.ts';
import { didYouMean } from './suggest.ts';

const NAME = 'gatebench report';
const FLAGS: readonly Flag[] = [{ name: 'format', takes: 'FORMAT', help: `${REPORT_FORMATS.join(', ')} (terminal)` }];

const HELP_TEXT = `usage: ${NAME} REPORT.json [options]

Checks a report against its schema and prints it.

${flagLines(FLAGS)}`;

export const reportCommand: Command = {
  name: 'report',
  summary: 'show a report.json for a terminal, as Markdown, HTML or JUnit',
  async run(argv, io) {
    const { values, positionals, problems } = readFlags(argv, FLAGS);
    if (values.has('help')) {
      io.out(HELP_TEXT);
      return EXIT.pass;
    }
    const wanted = values.get('format')?.[0] ?? 'terminal';
    const format = REPORT_FORMATS.find((known) => known === wanted);
    if (!format)
      problems.push(`there is no format ${wanted}${didYouMean(wanted, REPORT_FORMATS) || `; there are ${REPORT_FORMATS.join(', ')}`}`);
    const [path] = positionals;
    if (path === undefined || positionals.length > 1) problems.push('it takes the path of one report.json');
    if (problems.length > 0 || path === undefined || !format) return refuse(io, NAME, problems);
    const read = readReport(path);
    if (!read.ok)
      return refuse(
        io,
        NAME,
        read.problems.map((problem) => `${path}: ${problem}`),
      );
    io.out(await renderReport(read.report, format, { terminal: io.terminal }));
    return EXIT.pass;
  },
};

function readReport(path: string): ReportResult {
  try {
    return validateReport(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    // The file or its JSON; validation itself does not throw.
    return { ok: false, problems: [error instanceof Error ? error.message : String(error)] };
  }
}
