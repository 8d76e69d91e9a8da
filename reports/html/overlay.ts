/** Arms of one group as lines: by which letter and stroke each is drawn, the same in all of the group's charts. */
import { lettersOf, nameOf } from '../arms.ts';
import type { Arm } from '../report.ts';
import type { Key } from './figure.ts';
import type { View } from './view.ts';

export interface DrawnArm {
  arm: Arm;
  letter: string;
  stroke: number;
  /** Without the conditions that all of the group share, and which stand above it. */
  name: string;
}

export function drawnArms({ scenario, arms, title }: View): DrawnArm[] {
  const letters = lettersOf(scenario);
  return arms.map((arm, index) => ({
    arm,
    letter: letters.get(arm.id) ?? arm.id,
    stroke: index,
    name: nameOf(arm) ?? (title === '' ? arm.id : (arm.id.split('@', 1)[0] ?? '')),
  }));
}

export function keysOf(arms: readonly DrawnArm[]): Key[] {
  return arms.map(({ letter, stroke, name }) => ({ mark: letter, name, stroke }));
}
