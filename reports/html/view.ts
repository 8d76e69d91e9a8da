/** What a part of a scenario is drawn of: some of its arms, under headings of some level. */
import type { Group } from '../arms.ts';
import type { Scenario } from '../report.ts';
import { type Html, html } from './template.ts';

export interface View extends Group {
  /** All of it: letters of arms are its. */
  scenario: Scenario;
  level: 3 | 4;
  /** Whether it has charts, or only their numbers. */
  charts: boolean;
}

export function heading({ level }: View, content: Html | string): Html {
  return html`<h${level}>${content}</h${level}>`;
}

/** For what a screen reader calls a part: the scenario, and the condition where there are several. */
export function viewName({ scenario, title }: View): string {
  return title === '' ? scenario.name : `${scenario.name}, ${title}`;
}
