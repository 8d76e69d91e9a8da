/** What came of a command, for people and for programs. */
import { duration, quantity } from '../../../reports/format.ts';
import { clean } from '../../../reports/text-table.ts';
import type { CommandEnd } from './command-end.ts';
import type { PrivateGatewayOptions } from './private-gateway.ts';
import type { Reclaimed } from './reclaimed.ts';

export interface RunReport {
  end: CommandEnd;
  wallMs: number;
  /** Of the main thread, while the command ran; `null` where the gateway was gone. */
  loopDelayMs: { p50: number; p99: number; max: number } | null;
  reclaimed: Reclaimed | null;
}

/** Beyond, it is cut, and said so. */
const OUTPUT_CHARACTERS_MAX = 16 * 1024 * 1024;

/** Output that is shown when all of it is there. */
export class KeptOutput {
  text = '';
  cut = false;

  out(text: string): void {
    this.cut ||= this.text.length + text.length > OUTPUT_CHARACTERS_MAX;
    if (!this.cut) this.text += text;
  }
}

export function runJson(options: PrivateGatewayOptions, report: RunReport, exitStatus: number, { text, cut }: KeptOutput): string {
  const { command, agent, mode, workspace, timeoutMs } = options;
  const { end, wallMs, loopDelayMs, reclaimed } = report;
  const all = { command, agent, mode, workspace, timeoutMs, end, exitStatus, wallMs, loopDelayMs, reclaimed, output: text, outputCut: cut };
  return `${JSON.stringify(all, null, 2)}\n`;
}

export function runSummary(mode: string, { end, wallMs, loopDelayMs, reclaimed }: RunReport): string {
  const delay =
    loopDelayMs === null
      ? 'not known'
      : `worst loop delay ${quantity(loopDelayMs.max, 'ms')}, p99 ${quantity(loopDelayMs.p99, 'ms')}, while the command ran`;
  return [
    `${describeEnd(end)} after ${duration(wallMs)} (${mode})`,
    `  main thread  ${delay}`,
    `  reclaimed    ${reclaimed === null ? 'not known' : describeReclaimed(reclaimed)}`,
    '',
  ].join('\n');
}

function describeEnd(end: CommandEnd): string {
  switch (end.kind) {
    case 'exited':
      return `the command exited with status ${end.status}`;
    case 'signalled':
      return `the command was killed by ${end.signal}`;
    case 'timedOut':
      return `the command was stopped when its ${duration(end.afterMs)} were over,`;
    case 'refused':
      return `the command was refused: ${clean(end.message)};`;
    case 'cancelled':
      return 'the command was cancelled';
    case 'failed':
      return `the gateway failed: ${clean(end.message)};`;
  }
}

function describeReclaimed({ units, unitsBusy, commandsRunning, processesLeft }: Reclaimed): string {
  const parts = [
    units === 0
      ? 'the agent had the main thread'
      : unitsBusy === 0
        ? `${units} of ${units} idle again`
        : `${unitsBusy} of ${units} still busy`,
    commandsRunning === 0 ? 'no command running' : `${commandsRunning} commands still running`,
  ];
  if (processesLeft === null) parts.push('whether processes are left, this system does not show');
  else if (processesLeft.length === 0) parts.push('none of its processes found');
  else parts.push(`left behind: ${processesLeft.map(({ pid, name }) => `${clean(name)} (${pid})`).join(', ')}`);
  return parts.join(', ');
}
