/** What a profile says in a terminal: what each tool could do, and the functions that took the most time. */
import { join } from 'node:path';
import { quantity } from '../../reports/format.ts';
import { clean, painter, table, wrap } from '../../reports/text-table.ts';
import type { ProfileIndex, ThreadResult } from '../profile/index-file.ts';

const WIDTH = 120;
const FUNCTIONS = 10;

export function profileText(index: ProfileIndex, outDir: string, { color, width = WIDTH }: { color: boolean; width?: number }): string {
  const paint = painter(color);
  const options = { width, indent: 2, paint };
  const tools = index.tools.flatMap(({ tool, ok, files, reason }) => {
    const marked = paint({ text: ok ? 'done    ' : 'not done', paint: ok ? 'good' : 'bad' });
    const said = wrap(reason ?? files.join(', '), width - 31, '');
    return said.map((line, at) => (at === 0 ? `  ${tool.padEnd(18)}  ${marked}  ${line}` : `${' '.repeat(32)}${line}`));
  });
  const threads = index.threads.flatMap((thread) => [
    '',
    `${paint({ text: clean(thread.name), paint: 'bold' })}  ${summary(thread)}`,
    ...(thread.top.length === 0
      ? []
      : table(
          ['own', 'with callees', 'function', 'where'],
          thread.top.slice(0, FUNCTIONS).map((one) => [share(one.selfShare), share(one.totalShare), clean(one.function), clean(one.where)]),
          options,
        )),
  ]);
  return [
    `Profile of ${index.scenario}, ${index.arm}`,
    '',
    ...tools,
    ...index.invalid.map(
      (reason) => `  ${paint({ text: `the load was not what it should have been: ${clean(reason)}`, paint: 'unsure' })}`,
    ),
    ...(index.cpuMs === null
      ? []
      : [
          '',
          `Processor time of the gateway: ${quantity(index.cpuMs, 'ms')}, reading sockets in the kernel included, which no function below has`,
        ]),
    ...threads,
    '',
    `Pages: ${[join(outDir, 'index.html'), ...index.threads.flatMap(({ flame }) => (flame === null ? [] : [join(outDir, flame)]))].join(', ')}`,
    '',
  ].join('\n');
}

function summary({ reason, busyMs, spanMs, samples }: ThreadResult): string {
  if (reason !== null) return `no profile: ${clean(reason)}`;
  return `busy for ${quantity(busyMs, 'ms')} of ${quantity(spanMs, 'ms')} (${share(spanMs > 0 ? busyMs / spanMs : 0)}), ${samples} samples`;
}

function share(value: number): string {
  return quantity(value, 'fraction');
}
