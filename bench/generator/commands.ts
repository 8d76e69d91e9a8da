/** The lines that a generator is told on standard input, read strictly: what cannot be read is answered, never passed over. */
import type { TrialSpec } from '../trial.ts';
import { parseTrialSpec } from './parse.ts';

export type ReadCommand =
  | { kind: 'trial'; spec: TrialSpec }
  | { kind: 'stop' }
  /** `id` is the trial's where it could be read, else empty. */
  | { kind: 'bad'; id: string; message: string };

export function readCommand(line: string): ReadCommand {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return { kind: 'bad', id: '', message: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const command: Record<string, unknown> = typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  const names = Object.keys(command);
  if (names.length === 1 && command.stop === 1) return { kind: 'stop' };
  if (names.length !== 1 || names[0] !== 'trial') return { kind: 'bad', id: '', message: 'expected {"trial": …} or {"stop": 1}' };
  const parsed = parseTrialSpec(command.trial);
  if (parsed.ok) return { kind: 'trial', spec: parsed.spec };
  return { kind: 'bad', id: idOf(command.trial), message: parsed.problems.join('; ') };
}

/** So that whoever asked for a bad trial knows which one it was. */
function idOf(trial: unknown): string {
  return typeof trial === 'object' && trial !== null && 'id' in trial && typeof trial.id === 'string' ? trial.id : '';
}

/** Cuts a stream of text into lines of bounded length. */
export class LineCutter {
  readonly #charactersMax: number;
  #rest = '';

  constructor(charactersMax: number) {
    this.#charactersMax = charactersMax;
  }

  /** @returns the complete lines, empty ones left out; `undefined` when a line grows beyond the bound. */
  push(text: string): string[] | undefined {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > this.#charactersMax || lines.some((line) => line.length > this.#charactersMax)) return undefined;
    return lines.filter((line) => line.trim() !== '');
  }
}
