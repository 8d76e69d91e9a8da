/** A report in any of its forms; secrets of the command line are taken out of all of them. */
import { renderHtml } from './html.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import { redactReport } from './redact.ts';
import type { Report } from './report.ts';
import { renderTerminal, type TerminalOptions } from './terminal.ts';

export const REPORT_FORMATS = ['terminal', 'md', 'html', 'junit', 'json'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export function renderReport(report: Report, format: ReportFormat, terminal: TerminalOptions = {}): string {
  const safe = redactReport(report);
  switch (format) {
    case 'terminal':
      return renderTerminal(safe, terminal);
    case 'md':
      return renderMarkdown(safe);
    case 'html':
      return renderHtml(safe);
    case 'junit':
      return renderJunit(safe);
    case 'json':
      return `${JSON.stringify(safe, null, 2)}\n`;
  }
}
