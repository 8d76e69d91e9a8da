/**
 * The report as JUnit XML, for CI systems that show test results: a suite for the run (verdict and thresholds) and
 * one for each scenario (its comparisons, its arms' validity, what was not run).
 *
 * What fails there is what makes the run's exit status fail: missed thresholds, regressions that decide, the verdict
 * itself. A candidate that is worse where nothing was to be guarded is a finding, so it passes and its text says so;
 * what could not be decided is skipped with the reason.
 */
import { lettersOf, pairOf } from './arms.ts';
import {
  accountsText,
  commandText,
  differenceText,
  scheduleText,
  thresholdValue,
  validityLines,
  verdictSentence,
  whyOf,
} from './digest.ts';
import { ratio } from './format.ts';
import { measureLabel } from './measures.ts';
import type { Arm, Comparison, Report, Scenario } from './report.ts';

interface Case {
  name: string;
  kind: 'verdict' | 'threshold' | 'validity' | 'comparison' | 'notRun';
  result: 'passed' | 'failure' | 'skipped';
  message: string;
}
interface Suite {
  name: string;
  properties: [string, string][];
  cases: Case[];
  output: string;
}

export function renderJunit(report: Report): string {
  const suites = [runSuite(report), ...report.scenarios.map(scenarioSuite)];
  const all = suites.flatMap(({ cases }) => cases);
  const time = (report.durationMs / 1_000).toFixed(3);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: report.tool.name, ...counts(all), time })}>`,
    ...suites.map((suite, index) => suiteXml(suite, index === 0 ? time : '0', report.startedAt)),
    '</testsuites>',
    '',
  ].join('\n');
}

function runSuite(report: Report): Suite {
  const verdictResult = { pass: 'passed', fail: 'failure', inconclusive: 'skipped' } as const;
  return {
    name: report.tool.name,
    properties: [
      ['version', report.tool.version],
      ['seed', String(report.seed)],
      ['command', commandText(report.command)],
    ],
    cases: [
      { name: 'verdict', kind: 'verdict', result: verdictResult[report.verdict], message: verdictSentence(report) },
      ...report.thresholds.map(
        ({ expression, ok, value, unit, reason }): Case => ({
          name: `threshold ${expression}`,
          kind: 'threshold',
          result: ok ? 'passed' : 'failure',
          message: thresholdValue(value, unit, reason),
        }),
      ),
    ],
    output: whyOf(report).join('\n'),
  };
}

function scenarioSuite(scenario: Scenario): Suite {
  const letters = lettersOf(scenario);
  const legend = scenario.arms.map(({ id }) => `${letters.get(id)} = ${id}`);
  const schedule = scheduleText(scenario);
  const accounts = scenario.arms.map(({ id, turns, codes }) => `${letters.get(id)}: ${accountsText(turns, codes)}`);
  return {
    name: scenario.name,
    properties: Object.entries(scenario.parameters).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
    cases: [
      ...scenario.arms.map((arm) => validityCase(arm, letters)),
      ...scenario.comparisons.map((comparison) => comparisonCase(comparison, letters)),
      ...scenario.notRun.map(
        ({ what, reason }): Case => ({ name: `not run: ${what}`, kind: 'notRun', result: 'skipped', message: reason }),
      ),
    ],
    output: [scenario.why, ...legend, ...accounts, ...validityLines(scenario), ...(schedule ? [schedule] : [])].join('\n'),
  };
}

function validityCase({ id, validity }: Arm, letters: ReadonlyMap<string, string>): Case {
  const excluded = `${validity.excluded} trials excluded${validity.reasons.length > 0 ? `: ${validity.reasons.join('; ')}` : ''}`;
  return {
    name: `validity of ${letters.get(id)} (${id})`,
    kind: 'validity',
    result: validity.ok ? 'passed' : 'skipped',
    message: excluded,
  };
}

function comparisonCase(comparison: Comparison, letters: ReadonlyMap<string, string>): Case {
  const { verdict, deciding, reason, condition } = comparison;
  const failed = verdict === 'worse' && deciding === true;
  const difference = differenceText(comparison);
  return {
    name: `${pairOf(comparison, letters)}: ${measureLabel(comparison.measure)}${condition ? ` (${condition})` : ''}`,
    kind: 'comparison',
    result: failed ? 'failure' : verdict === 'inconclusive' ? 'skipped' : 'passed',
    message: `${verdict}, ratio ${ratio(comparison.ratio, comparison.interval)}${difference ? `, difference ${difference}` : ''}${reason ? `: ${reason}` : ''}`,
  };
}

function suiteXml(suite: Suite, time: string, startedAt: string): string {
  // The schema that most readers check against takes no zone.
  const timestamp = startedAt.replace(/(\.\d+)?Z$/, '');
  return [
    `  <testsuite${attributes({ name: suite.name, ...counts(suite.cases), time, timestamp })}>`,
    ...(suite.properties.length === 0
      ? []
      : [
          '    <properties>',
          ...suite.properties.map(([name, value]) => `      <property${attributes({ name, value })}/>`),
          '    </properties>',
        ]),
    ...suite.cases.map((one) => caseXml(one, suite.name)),
    `    <system-out>${escapeXml(suite.output)}</system-out>`,
    '  </testsuite>',
  ].join('\n');
}

function caseXml({ name, kind, result, message }: Case, classname: string): string {
  const open = `    <testcase${attributes({ name, classname, time: '0' })}>`;
  if (result === 'failure') return `${open}<failure${attributes({ message, type: kind })}>${escapeXml(message)}</failure></testcase>`;
  if (result === 'skipped') return `${open}<skipped${attributes({ message })}/></testcase>`;
  return `${open}<system-out>${escapeXml(message)}</system-out></testcase>`;
}

function counts(cases: readonly Case[]): Record<string, string> {
  const of = (result: Case['result']) => String(cases.filter((one) => one.result === result).length);
  return { tests: String(cases.length), failures: of('failure'), errors: '0', skipped: of('skipped') };
}

function attributes(values: Readonly<Record<string, string>>): string {
  // In attributes a line break would be read as a space, so it is written as a reference.
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(value).replaceAll('\n', '&#10;')}"`)
    .join('');
}

/** XML 1.0 has no way at all to write most control characters, lone surrogates and U+FFFE/F: they are taken out. */
export function escapeXml(value: string): string {
  return value
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
