/**
 * How far a report is to be trusted, in sentences: what was measured and left out, whether the machine kept its speed,
 * and which figures say more of the instrument than of the gateway.
 */
import { lettersOf, withOwnTrials } from './arms.ts';
import { cellOf } from './digest.ts';
import { count, quantity } from './format.ts';
import { measureLabel } from './measures.ts';
import type { Report } from './report.ts';

export interface Trust {
  /** Nothing was left out, and no figure is only a bound. */
  whole: boolean;
  /** The first says it in short. */
  lines: readonly string[];
}

export function trustOf(report: Report): Trust {
  const excluded = exclusions(report);
  const limited = limits(report);
  const notRun = report.scenarios.reduce((sum, scenario) => sum + scenario.notRun.length, 0);
  return {
    whole: excluded.length === 0 && limited.length === 0,
    lines: [
      trials(report),
      ...excluded,
      canary(report),
      ...limited,
      ...(notRun > 0 ? [`${count(notRun)} ${notRun === 1 ? 'cell was' : 'cells were'} not run; each scenario lists its own.`] : []),
    ],
  };
}

function trials({ scenarios }: Report): string {
  const all = scenarios.flatMap(({ arms }) => withOwnTrials(arms));
  const run = all.reduce((sum, { validity }) => sum + (validity.trials ?? 0), 0);
  const excluded = all.reduce((sum, { validity }) => sum + validity.excluded, 0);
  const invalid = all.filter(({ validity }) => !validity.ok).length;
  if (all.length === 0) return 'Nothing was measured.';
  const arms =
    invalid === 0
      ? 'every arm has a valid result'
      : `${invalid} of ${count(all.length)} arms ${invalid === 1 ? 'has' : 'have'} no valid result`;
  if (run === 0) return `No trials were counted; ${arms}.`;
  return excluded === 0
    ? `All ${count(run)} trials are valid; ${arms}.`
    : `${count(run - excluded)} of ${count(run)} trials are valid, ${count(excluded)} were excluded; ${arms}.`;
}

function exclusions({ scenarios }: Report): string[] {
  return scenarios.flatMap((scenario) => {
    const letters = lettersOf(scenario);
    return withOwnTrials(scenario.arms)
      .filter(({ validity }) => !validity.ok || validity.excluded > 0)
      .map(({ id, validity }) => {
        const of = validity.trials === undefined ? '' : ` of ${validity.trials}`;
        const result = validity.ok ? '' : ', so its result is not valid';
        const why = validity.reasons.join('; ') || 'no reason given';
        return `${scenario.name}, ${letters.get(id)}: ${validity.excluded}${of} trials excluded${result}: ${why}.`;
      });
  });
}

function canary({ environment: { canaryCv } }: Report): string {
  return canaryCv === null
    ? 'Whether the machine kept its speed is not known: the CPU canary did not run.'
    : `The CPU canary, one piece of work timed again and again, varied by ${quantity(canaryCv, 'fraction')}.`;
}

function limits({ scenarios }: Report): string[] {
  return scenarios.flatMap((scenario) => {
    const letters = lettersOf(scenario);
    return scenario.arms.flatMap((arm) =>
      Object.entries(arm.metrics)
        .filter(([, { bound }]) => bound !== undefined)
        .map(([name, { reason }]) => {
          const why = reason === undefined ? '' : `: ${reason}`;
          return `${scenario.name}, ${letters.get(arm.id)}: ${measureLabel(name)} is only a bound, ${cellOf(arm, name).text}${why}.`;
        }),
    );
  });
}
