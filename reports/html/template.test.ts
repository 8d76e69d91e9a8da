import { describe, expect, test } from 'vitest';
import { anchor, escapeHtml, html } from './template.ts';

describe('template', () => {
  test('escapes strings, keeps HTML, joins lists, drops what is not there', () => {
    expect(html`<p class="${'"x'}">${'<b>'}${html`<i>${1}</i>`}${['a&', html`<u>`]}${undefined}</p>`.text).toBe(
      '<p class="&quot;x">&lt;b&gt;<i>1</i>a&amp;<u></p>',
    );
    expect(escapeHtml("a\u0000b\u001bc\n'")).toBe('abc\n&#39;');
    expect(escapeHtml('ok \u{1f600} ÷ é')).toBe('ok \u{1f600} ÷ é');
    expect(anchor('scenario', 'Token overhead/<x>')).toBe('scenario-Token-overhead-x');
  });
});
