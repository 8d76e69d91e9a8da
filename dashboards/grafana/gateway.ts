/** *Gateway*: rate, errors and duration first, then which phase cost the time, then why. */
import { metric } from '../catalog.ts';
import { Source } from '../queries.ts';
import type { Frame } from './frame.ts';
import { instrument } from './rows/instrument.ts';
import { phases } from './rows/phases.ts';
import { pool } from './rows/pool.ts';
import { red } from './rows/red.ts';
import { runtime } from './rows/runtime.ts';
import { telemetry } from './rows/telemetry.ts';
import { ANY, ANY_RUN, RUN_VARIABLES, runPhases } from './run.ts';

const gateway = new Source('gateway', ANY);
const generator = new Source('generator', ANY_RUN);
const upstream = new Source('upstream', ANY_RUN);

export const GATEWAY: Frame = {
  name: 'gateway',
  title: 'Gateway',
  description: 'A gateway from the outside in: turns, what each phase of them costs, threads, process, and whether to believe it.',
  variables: [
    ...RUN_VARIABLES,
    {
      name: 'phase',
      label: 'Phase',
      description: 'Shown apart in the row Phases',
      values: { of: `${metric('gatebench.gateway.turn.phase.duration').prometheus}_count{}`, label: 'phase' },
      multi: false,
    },
  ],
  annotations: runPhases(ANY_RUN),
  rows: [red(gateway), phases(gateway), pool(gateway), runtime(gateway), instrument(generator, upstream), telemetry(gateway)],
};
