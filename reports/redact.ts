/**
 * Takes secrets out of a report before it is written or shown: pages and comments travel further than terminals.
 *
 * The only place that a user's secret can reach is the command line, as the value of an option or as the user part
 * of a URL. Which options hold secrets is told by their name.
 */
import type { Report } from './report.ts';

const SECRET_OPTION = /(token(?!s)|secret|password|passwd|api[-_]?key|authorization|auth|bearer|credential|cookie|header|env)/i;
const HIDDEN = '[hidden]';

export function redactReport(report: Report): Report {
  return { ...report, command: redactCommand(report.command) };
}

export function redactCommand(command: readonly string[]): string[] {
  let hideNext = false;
  return command.map((argument) => {
    const hide = hideNext;
    hideNext = false;
    if (argument.startsWith('-')) {
      const equals = argument.indexOf('=');
      const option = equals === -1 ? argument : argument.slice(0, equals);
      if (SECRET_OPTION.test(option)) {
        hideNext = equals === -1;
        return equals === -1 ? argument : `${option}=${HIDDEN}`;
      }
      return redactUrl(argument);
    }
    return hide ? HIDDEN : redactUrl(argument);
  });
}

/** `https://user:password@host` and query parameters named like secrets. */
function redactUrl(text: string): string {
  return text
    .replace(/([a-z][\w+.-]*:\/\/)[^/\s?#]*@/gi, `$1${HIDDEN}@`)
    .replace(/([?&])([^=&#\s]+)=([^&#\s]*)/g, (whole, mark: string, name: string) =>
      SECRET_OPTION.test(name) || /^(key|sig|signature)$/i.test(name) ? `${mark}${name}=${HIDDEN}` : whole,
    );
}
