/** A report in any of its forms; secrets of the command line are taken out of all of them. */
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import { redactReport } from './redact.ts';
import type { Report } from './report.ts';
import { renderTerminal, type TerminalOptions } from './terminal.ts';

export const REPORT_FORMATS = ['terminal', 'md', 'html', 'junit', 'json'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

export interface RenderOptions {
  terminal?: TerminalOptions;
  /** Files in the same folder that a page may link to. */
  beside?: readonly string[];
}

export async function renderReport(report: Report, format: ReportFormat, { terminal, beside }: RenderOptions = {}): Promise<string> {
  const safe = redactReport(report);
  switch (format) {
    case 'terminal':
      return renderTerminal(safe, terminal);
    case 'md':
      return renderMarkdown(safe);
    case 'html': {
      // Only who wants a page waits for the library that draws its charts.
      const { renderHtml } = await import('./html/page.ts');
      return renderHtml(safe, beside);
    }
    case 'junit':
      return renderJunit(safe);
    case 'json':
      return `${JSON.stringify(safe, null, 2)}\n`;
  }
}
