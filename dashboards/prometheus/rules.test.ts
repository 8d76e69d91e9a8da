/** Prometheus' configuration and rules: about nothing that the catalogue has not, and approved by promtool. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { selectors, seriesOf, unlisted } from '../testing/expressions.ts';
import { missing } from '../testing/prometheus.ts';
import { ALERTS } from './alerts.ts';
import { RECORDING_RULES } from './rules.ts';

const FOLDER = import.meta.dirname;
const tests = readFileSync(join(FOLDER, 'rules/alerts.test.yml'), 'utf8');
const records = RECORDING_RULES.map(({ record }) => record);

/** Made by Prometheus itself. */
const OWN = ['up'];

describe('rules', () => {
  it('are about metrics of the catalogue, and about records', () => {
    const names = RECORDING_RULES.flatMap(({ query }) => unlisted(query.expr));
    expect(names).toEqual([]);
    const alerted = ALERTS.flatMap(({ expr }) => unlisted(expr)).filter((name) => !OWN.includes(name) && !records.includes(name));
    expect(alerted).toEqual([]);
    const named = ALERTS.flatMap(({ expr }) => [...expr.matchAll(/instance\w*:\w+:\w+/g)].map(([name]) => name));
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !records.includes(name))).toEqual([]);
  });

  it('say what is wrong, and what it means', () => {
    for (const { summary, description } of ALERTS) {
      expect(summary.length).toBeGreaterThan(20);
      expect(description).toMatch(/\.$/);
    }
  });

  it('have a test for each alert in which it fires, and in which it is silent', () => {
    for (const { name } of ALERTS) {
      const evaluations = tests.split(/^ {6}- /m).filter((block) => block.includes(`alertname: ${name}`));
      expect(evaluations.filter((block) => block.includes('exp_alerts: []')).length, name).toBeGreaterThan(0);
      expect(evaluations.filter((block) => !block.includes('exp_alerts: []')).length, name).toBeGreaterThan(0);
    }
  });

  it('are tried on series that the catalogue has', () => {
    const names = [...tests.matchAll(/- series: (\S+)$/gm)].flatMap(([, series]) => selectors(series!).map(({ name }) => name));
    expect(names.length).toBeGreaterThan(ALERTS.length);
    expect(names.filter((name) => !OWN.includes(name) && !seriesOf(name))).toEqual([]);
  });
});

const reason = missing('promtool');

describe.skipIf(reason !== undefined)(reason ?? 'promtool', () => {
  const promtool = (...args: string[]) => execFileSync('promtool', args, { cwd: FOLDER, encoding: 'utf8', stdio: 'pipe' });

  it('accepts the configuration and the rules', () => {
    expect(promtool('check', 'config', 'prometheus.yml')).toContain('SUCCESS: prometheus.yml is valid prometheus config file syntax');
    expect(promtool('check', 'rules', 'rules/recording.yml')).toContain(`SUCCESS: ${RECORDING_RULES.length} rules found`);
    expect(promtool('check', 'rules', 'rules/alerts.yml')).toContain(`SUCCESS: ${ALERTS.length} rules found`);
  });

  it('sees every alert fire, and be silent', () => {
    expect(promtool('test', 'rules', 'rules/alerts.test.yml')).toContain('SUCCESS');
  });
});
