import { describe, expect, test } from 'vitest';
import { renderHtml } from './html.ts';
import { logAxis, ratioPlot, stackedBar } from './html-plots.ts';
import { anchor, escapeHtml, html } from './html-template.ts';
import { MEASURES } from './measures.ts';
import { emptyReport, exampleReport } from './testing/example.ts';
import { hostileReport } from './testing/hostile.ts';
import { all, everything, parseHtml, textOf } from './testing/markup.ts';

describe('html', () => {
  const source = renderHtml(exampleReport());
  const page = parseHtml(source);

  test('begins with the verdict and why', () => {
    const [banner] = everything(page).filter(({ attributes }) => attributes.class?.startsWith('verdict'));
    expect(textOf(banner!)).toMatch(/^\s*fail\s+2 of 3 thresholds were missed\.\s*Threshold missed: turn\.p99<2500; measured 2\.73 s\./);
    expect(all(page, 'h2').map(textOf)).toEqual([
      'Claims',
      'Thresholds',
      'latency',
      'token-overhead',
      'concurrency',
      'Machine and run',
      'What the measures mean',
    ]);
  });

  test('needs no script, no network and no other file', () => {
    const forbidden = ['script', 'link', 'img', 'iframe', 'object', 'embed', 'form', 'base', 'video', 'audio', 'source'];
    expect(everything(page).filter(({ name }) => forbidden.includes(name))).toEqual([]);
    for (const { attributes } of everything(page)) {
      for (const [name, value] of Object.entries(attributes)) {
        expect(name).not.toMatch(/^(on|src|action|xlink)/);
        if (name === 'href') expect(value).toMatch(/^#/);
      }
    }
    const [style] = all(page, 'style');
    expect(textOf(style!)).not.toMatch(/url\(|@import|<\//);
    expect(source).toContain(`content="default-src &#39;none&#39;`.replaceAll('&#39;', "'"));
    expect(Buffer.byteLength(source)).toBeLessThan(1_000_000);
  });

  test('every link leads somewhere, and every id stands once', () => {
    const ids = everything(page).flatMap(({ attributes }) => (attributes.id === undefined ? [] : [attributes.id]));
    expect(new Set(ids).size).toBe(ids.length);
    const links = all(page, 'a').map(({ attributes }) => attributes.href!.slice(1));
    expect(links.length).toBeGreaterThan(30);
    for (const link of links) expect(ids).toContain(link);
    for (const { name } of MEASURES) expect(ids).toContain(anchor('measure', name));
  });

  test('adapts to darkness, narrow screens and paper', () => {
    const style = textOf(all(page, 'style')[0]!);
    expect(style).toContain('@media (prefers-color-scheme: dark)');
    expect(style).toContain('@media (max-width: 640px)');
    expect(style).toContain('@media print');
    expect(all(page, 'meta').some(({ attributes }) => attributes.name === 'viewport')).toBe(true);
  });

  test('shows numbers with intervals, reasons and accounts', () => {
    const rows = all(page, 'tr').map((row) => textOf(row).replace(/\s+/g, ' ').trim());
    expect(rows).toContain('ttft p50 C ÷ A 0.0435 [0.0421, 0.0450] better');
    expect(rows.some((row) => row.startsWith('tpot p50–¹20.1 ms [20.0, 20.2]'))).toBe(true);
    expect(rows.some((row) => row.startsWith('C1,5001,4880109'))).toBe(true);
    expect(rows.some((row) => row.includes('≥ 1,600 streams¹'))).toBe(true);
    expect(textOf(page)).not.toMatch(/NaN|undefined|null|Infinity|\[object/);
  });

  test('is the same page, with nothing broken out of, when every text is hostile', () => {
    const hostile = parseHtml(renderHtml(hostileReport()));
    const shape = (root: typeof page) => everything(root).map(({ name }) => name);
    const extra = new Set(shape(hostile).filter((name) => !shape(page).includes(name)));
    expect([...extra]).toEqual([]);
    expect(all(hostile, 'a').every(({ attributes }) => attributes.href!.startsWith('#'))).toBe(true);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the characters are what is tested.
    expect(renderHtml(hostileReport())).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  test('an empty report is a page', () => {
    expect(textOf(parseHtml(renderHtml(emptyReport())))).toContain('Nothing was asked.');
  });
});

describe('pictures', () => {
  test('an axis holds all intervals and 1, and marks 1', () => {
    for (const intervals of [
      [[0.97, 1.02]],
      [
        [0.04, 0.05],
        [1.7, 2],
      ],
      [[1e-5, 1e5]],
      [[0.5, 0.6]],
      [],
    ] as [number, number][][]) {
      const axis = logAxis([], intervals);
      expect(axis.ticks).toContain(1);
      for (const bound of intervals.flat()) {
        expect(axis.at(bound)).toBeGreaterThanOrEqual(0);
        expect(axis.at(bound)).toBeLessThanOrEqual(100);
      }
      const places = axis.ticks.map(axis.at);
      for (const [index, place] of places.slice(1).entries()) expect(place - places[index]!).toBeGreaterThan(10.9);
    }
    const axis = logAxis([0.5, 2], [null]);
    expect(axis.at(0.5)).toBeCloseTo(100 - axis.at(2), 1);
    expect(axis.at(1)).toBeCloseTo(50, 1);
    expect(axis.ticks).toEqual([0.5, 0.7, 1, 1.4, 2]);
  });

  test('a ratio is drawn where it is', () => {
    const axis = logAxis([0.5, 2], []);
    const svg = parseHtml(ratioPlot(axis, 0.5, [0.5, 2], 0.05).text);
    const [dot] = all(svg, 'circle');
    expect(dot!.attributes.cx).toBe(`${axis.at(0.5)}%`);
    const bar = all(svg, 'line').find(({ attributes }) => attributes.class === 'ci');
    expect([bar!.attributes.x1, bar!.attributes.x2]).toEqual([`${axis.at(0.5)}%`, `${axis.at(2)}%`]);
    expect(all(parseHtml(ratioPlot(axis, null, null, undefined).text), 'circle')).toEqual([]);
  });

  test('a bar is as long as its parts, and says them', () => {
    const parts = [
      { name: 'a', value: 10 },
      { name: 'b', value: 30 },
      { name: 'residual', value: -5 },
    ];
    const svg = parseHtml(stackedBar(parts, 80, ({ name, value }) => `${name} ${value}`).text);
    expect(all(svg, 'rect').map(({ attributes }) => [attributes.x, attributes.width])).toEqual([
      ['0%', '12.5%'],
      ['12.5%', '37.5%'],
      ['50%', '0%'],
    ]);
    expect(all(svg, 'svg')[0]!.attributes['aria-label']).toBe('a 10, b 30, residual -5');
    expect(all(parseHtml(stackedBar(parts, 0, () => '').text), 'rect')[0]!.attributes.width).toBe('0%');
  });
});

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
