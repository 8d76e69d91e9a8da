/** The load generator's metrics: what was due, what was really started, what came of it. All trials of a process together. */
import { CODE, LATENESS_SECONDS, type Listed, oneOf, TURN_SECONDS } from './metric.ts';

const emittedBy = ['generator'] as const;
/** Of the load that is measured, or of the one that is offered beside it. */
const ROLE = oneOf('role', ['measured', 'beside']);
const OUTCOME = oneOf('outcome', ['completed', 'failed', 'cancelled', 'timedOut', 'refused', 'dropped']);

export const GENERATOR_METRICS = [
  {
    name: 'gatebench.generator.turns.offered',
    instrument: 'counter',
    unit: '{turn}',
    labels: [ROLE],
    description: 'Turns that were due in the measured window.',
    emittedBy,
  },
  {
    name: 'gatebench.generator.turns.started',
    instrument: 'counter',
    unit: '{turn}',
    labels: [ROLE],
    description: 'Turns of these that were really sent: achieved ÷ offered is the ratio of the two.',
    emittedBy,
  },
  {
    name: 'gatebench.generator.turns.ended',
    instrument: 'counter',
    unit: '{turn}',
    labels: [ROLE, OUTCOME],
    description: 'Turns of these that ended, each in one outcome; together they are what was offered.',
    emittedBy,
  },
  {
    name: 'gatebench.generator.errors',
    instrument: 'counter',
    unit: '{error}',
    labels: [ROLE, CODE],
    description: 'Failed and refused turns of these by error code.',
    emittedBy,
  },
  {
    name: 'gatebench.generator.tokens',
    instrument: 'counter',
    unit: '{token}',
    labels: [ROLE],
    description: 'Tokens of completed turns, warm-up and drain included.',
    emittedBy,
  },
  {
    name: 'gatebench.generator.turns.in_flight',
    instrument: 'updowncounter',
    unit: '{turn}',
    labels: [ROLE],
    description: 'Turns that were sent and have not ended.',
    emittedBy,
  },
  {
    name: 'gatebench.generator.lateness',
    instrument: 'histogram',
    unit: 's',
    buckets: LATENESS_SECONDS,
    labels: [ROLE],
    description: 'From when a turn was due until it was started: judges the generator, not its target.',
    emittedBy,
  },
  {
    name: 'gatebench.generator.turn.duration',
    instrument: 'histogram',
    unit: 's',
    buckets: TURN_SECONDS,
    labels: [ROLE],
    description: 'Of completed turns, from when they were due until their last content was read.',
    emittedBy,
  },
  {
    name: 'gatebench.generator.turn.time_to_first_token',
    instrument: 'histogram',
    unit: 's',
    buckets: TURN_SECONDS,
    labels: [ROLE],
    description: 'Of completed turns, from when they were due until their first content was read.',
    emittedBy,
  },
] as const satisfies readonly Listed[];
