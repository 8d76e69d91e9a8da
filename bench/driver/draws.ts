/** What a turn draws: its lengths, and the think time after it. */
import type { Rng } from '../statistics/rng.ts';
import type { Draw, Workload } from '../trial.ts';

export interface TurnDraws {
  inputTokens: number;
  outputTokens: number;
  /** From the turn's completion until what follows it is due. */
  thinkNs: number;
}

/** Draws a session's turns one after the other. */
export type DrawTurn = () => TurnDraws;

/**
 * A session's draws come from the trial's seed and the session's number alone. Each quantity has a stream of its own,
 * so changing one distribution leaves the other draws where they were.
 */
export function sessionDraws(workload: Workload, random: Rng, session: number): DrawTurn {
  const own = random.fork(session);
  const input = own.fork('input');
  const output = own.fork('output');
  const think = own.fork('think');
  return () => ({
    inputTokens: drawTokens(workload.inputTokens, input),
    outputTokens: drawTokens(workload.outputTokens, output),
    thinkNs: Math.round(drawNumber(workload.thinkMs, think) * 1e6),
  });
}

function drawTokens(draw: Draw, random: Rng): number {
  // By integers, or the two ends would come half as often as the rest.
  if (draw.kind === 'uniform') return draw.min + random.integer(draw.max - draw.min + 1);
  return Math.max(1, Math.round(drawNumber(draw, random)));
}

function drawNumber(draw: Draw, random: Rng): number {
  switch (draw.kind) {
    case 'fixed':
      return draw.value;
    case 'uniform':
      return random.uniform(draw.min, draw.max);
    case 'lognormal':
      return Math.min(draw.max, Math.max(1, draw.median * Math.exp(draw.sigma * random.normal())));
  }
}
