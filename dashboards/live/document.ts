/**
 * The live page as one document: markup, style, uPlot and the page's own script, with nothing to fetch but the feed
 * beside it. Its policy names the two scripts by their hashes, so that nothing else runs in it, whatever a name of an
 * arm or a turn may hold.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { bundle } from './bundle.ts';
import { MARKUP } from './markup.ts';
import { STYLE } from './style.ts';

export interface LiveDocument {
  readonly html: string;
  /** For `content-security-policy`. */
  readonly policy: string;
}

let made: LiveDocument | undefined;

export function liveDocument(): LiveDocument {
  made ??= makeDocument();
  return made;
}

function makeDocument(): LiveDocument {
  const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const { resolve } = createRequire(import.meta.url);
  const uplot = readFileSync(resolve('uplot/dist/uPlot.iife.min.js'), 'utf8').trim();
  const uplotStyle = readFileSync(resolve('uplot/dist/uPlot.min.css'), 'utf8').trim();
  const script = `(() => {'use strict';\n${bundle(new URL(`./page/main${ending}`, import.meta.url))}\n})();`;
  for (const text of [uplot, script]) if (/<\/script|<!--/i.test(text)) throw new Error('a script of the live page would end itself');
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>gatebench live</title>
<link rel="icon" href="data:,">
<style>${uplotStyle}${STYLE}</style>
</head>
<body>
${MARKUP}
<script>${uplot}</script>
<script>${script}</script>
</body>
</html>
`;
  const policy = [
    "default-src 'none'",
    `script-src ${[uplot, script].map(hashOf).join(' ')}`,
    "style-src 'unsafe-inline'",
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { html, policy };
}

function hashOf(script: string): string {
  return `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
}
