/**
 * The `Server-Timing` field that brings the phases of a whole reply back: a trailer, since a header cannot hold
 * what happens after it. Form: `admission;dur=0.12, queue;dur=3` in milliseconds (W3C Server Timing).
 */
import type { Phases } from './contract.ts';

export function writeServerTiming(phases: Phases): string {
  return Object.entries(phases)
    .map(([name, ms]) => `${name};dur=${ms}`)
    .join(', ');
}

/** What is malformed is passed over: timing is diagnostics, never a reason to fail a turn. */
export function readServerTiming(text: string): Phases {
  const phases: Record<string, number> = {};
  for (const part of text.slice(0, 4096).split(',')) {
    const match = /^\s*([\w-]{1,64});dur=(\d{1,12}(?:\.\d{1,12})?)\s*$/.exec(part);
    if (match?.[1] && match[1] !== '__proto__') phases[match[1]] = Number(match[2]);
  }
  return phases;
}
