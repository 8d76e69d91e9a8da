/** What a run brought of each arm of a scenario: its observations by launch, and those of the arms that a mix is told apart into. */
import type { JsonValue } from '../../reports/report.ts';
import { type Arm, partsOf } from '../arms.ts';
import type { Scenario } from '../scenario.ts';
import { isShared } from './measures.ts';
import { partOf } from './mix.ts';
import type { Observation, SearchAnswer } from './observation.ts';

export interface ScenarioData {
  scenario: Scenario;
  /** As they were run: one that mixes round-trip times is one arm here. */
  arms: readonly Arm[];
  observations: readonly Observation[];
  answers: readonly SearchAnswer[];
  notRun: readonly { what: string; reason: string }[];
  parameters: Readonly<Record<string, JsonValue>>;
}

/** All that is known of one arm in one scenario. */
export interface ArmData {
  arm: Arm;
  /** `mix`: several round-trip times in each trial; `part`: those of its sessions that had one of them. */
  role: 'plain' | 'mix' | 'part';
  /** Of a part, its mix. */
  mix?: ArmData;
  all: Observation[];
  /** Valid observations, by launch. */
  launches: Map<number, Observation[]>;
  answers: SearchAnswer[];
}

/** By id, in the order of a report: arms of one round-trip time together, and mixes last. */
export function gather(data: ScenarioData): Map<string, ArmData> {
  const gathered = data.arms.flatMap((arm) => {
    const observations = data.observations.filter((observation) => observation.arm === arm.id);
    const answers = data.answers.filter((answer) => answer.arm === arm.id);
    // A search has one answer for the mix.
    const parts = data.scenario.plan.kind === 'search' ? [] : partsOf(arm);
    if (parts.length === 0) return [armData(arm, 'plain', observations, answers)];
    const mix = armData(arm, 'mix', observations, answers);
    const ofParts = parts.map((part, index) => ({
      ...armData(
        part,
        'part',
        observations.map((observation) => partOf(observation, part, index)),
        [],
      ),
      mix,
    }));
    return [...ofParts, mix];
  });
  const sorted = gathered.sort((a, b) => place(a) - place(b));
  return new Map(sorted.map((one) => [one.arm.id, one]));
}

function armData(arm: Arm, role: ArmData['role'], all: Observation[], answers: SearchAnswer[]): ArmData {
  const valid = all.filter(({ reasons }) => reasons.length === 0);
  return { arm, role, all, launches: Map.groupBy(valid, ({ launch }) => launch), answers };
}

function place({ arm, role }: ArmData): number {
  const { rttMs } = arm.conditions;
  return role === 'part' && typeof rttMs === 'number' ? rttMs : role === 'mix' ? Number.POSITIVE_INFINITY : -1;
}

/** Whether the arm has the measure as its own. */
export function owns({ role }: Pick<ArmData, 'role'>, measure: string): boolean {
  return role === 'plain' || isShared(measure) === (role === 'mix');
}
