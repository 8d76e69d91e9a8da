import { describe, expect, test } from 'vitest';
import { MEASURES } from '../measures.ts';
import type { Report } from '../report.ts';
import { validateReport } from '../schema.ts';
import { emptyReport, exampleArm, exampleReport } from '../testing/example.ts';
import { hostileReport } from '../testing/hostile.ts';
import { largeReport } from '../testing/large.ts';
import { all, type Element, everything, parseHtml, textOf } from '../testing/markup.ts';
import { renderHtml } from './page.ts';
import { anchor } from './template.ts';

const pageOf = (report: Report) => parseHtml(renderHtml(report));
const classOf = ({ attributes }: Element) => attributes.class ?? '';
const withClass = (root: Element, name: string) => everything(root).filter((element) => classOf(element).split(' ').includes(name));
const spectraOf = (root: Element) => everything(root).filter(({ attributes }) => attributes['aria-label']?.includes('percentile spectra'));
const rowsOf = (root: Element) => all(root, 'tr').map((row) => textOf(row).replace(/\s+/g, ' ').trim());

describe('the page', () => {
  const source = renderHtml(exampleReport(), ['report.json', 'x y&z.md']);
  const page = parseHtml(source);

  test('begins with the verdict and why, and how far it is to be trusted', () => {
    const [banner] = withClass(page, 'verdict');
    expect(textOf(banner!)).toMatch(/^\s*fail\s+2 of 3 thresholds were missed\.\s*Threshold missed: turn\.p99<2500; measured 2.73 s\./);
    expect(textOf(banner!)).toContain('Claim on turn p50: 62.0 % lower; measured 2.19 % lower [1.71, 2.66]: not reproduced.');
    const [trust] = withClass(page, 'trust');
    expect(textOf(trust!)).toMatch(/^Validity: 250 of 270 trials are valid, 20 were excluded; 1 of 15 arms has no valid result\./);
    expect(textOf(trust!)).toContain('≥ 1,600 streams: in 6 of 6 launches the instrument gave out');
    expect(all(page, 'h2').map(textOf)).toEqual([
      'Claims',
      'Thresholds',
      'latency',
      'token-overhead',
      'concurrency',
      'ladder',
      'Machine and run',
      'What the measures mean',
    ]);
  });

  test('needs no script, no network and no other file', () => {
    const forbidden = ['script', 'link', 'img', 'iframe', 'object', 'embed', 'form', 'base', 'video', 'audio', 'source'];
    expect(everything(page).filter(({ name }) => forbidden.includes(name))).toEqual([]);
    for (const { attributes } of everything(page)) {
      for (const [name, value] of Object.entries(attributes)) {
        expect(name).not.toMatch(/^(on|src|action|xlink|formaction)/);
        if (name === 'href') expect(value).toMatch(/^(#|report\.json$|x%20y%26z\.md$)/);
      }
    }
    const [style] = all(page, 'style');
    expect(textOf(style!)).not.toMatch(/url\(|@import|<\//);
    expect(source).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  test('is small, also where six arms were measured at three round-trip times', () => {
    expect(Buffer.byteLength(source)).toBeLessThan(400_000);
    const large = largeReport();
    expect(validateReport(large)).toMatchObject({ ok: true });
    const text = renderHtml(large);
    expect(Buffer.byteLength(text)).toBeLessThan(1_000_000);
    const page = parseHtml(text);
    // Arms are compared under one condition: so many charts of each of four measures, besides those of the other scenarios.
    expect(spectraOf(page)).toHaveLength(3 * 4 + spectraOf(parseHtml(source)).length);
    const groups = withClass(page, 'group').map(({ attributes, children }) => [textOf(children[0]!), 'open' in attributes]);
    expect(groups.slice(0, 3)).toEqual([
      ['default conditions', true],
      ['round trip 20 ms', false],
      ['round trip 80 ms', false],
    ]);
  });

  test('of very much leaves out charts, not numbers, and says so', () => {
    const large = largeReport();
    const scenarios = ['a', 'b', 'c', 'd'].map((name) => ({ ...large.scenarios[0]!, name }));
    const text = renderHtml({ ...large, scenarios });
    const page = parseHtml(text);
    expect(spectraOf(page)).toHaveLength(4 * 4);
    expect(textOf(page)).toContain('only the first of the folded parts has charts');
    expect(all(page, 'h4').filter((one) => textOf(one) === 'Measures')).toHaveLength(4 * 3);
  });

  test('every link and every button leads somewhere, and every id stands once', () => {
    const ids = everything(page).flatMap(({ attributes }) => (attributes.id === undefined ? [] : [attributes.id]));
    expect(new Set(ids).size).toBe(ids.length);
    const links = all(page, 'a').flatMap(({ attributes }) => (attributes.href!.startsWith('#') ? [attributes.href!.slice(1)] : []));
    expect(links).toEqual([
      'claims',
      'thresholds',
      'scenario-latency',
      'scenario-token-overhead',
      'scenario-concurrency',
      'scenario-ladder',
      'machine',
      'glossary',
    ]);
    const opened = all(page, 'button').map(({ attributes }) => attributes.popovertarget!);
    expect(opened.length).toBeGreaterThan(60);
    for (const id of [...links, ...opened]) expect(ids).toContain(id);
    const labels = everything(page).flatMap(({ attributes }) => attributes['aria-labelledby'] ?? []);
    for (const id of labels) expect(ids).toContain(id);
    for (const { name } of MEASURES) expect(ids).toContain(anchor('measure', name));
  });

  test('a measure’s name opens its definition, an arm’s letter the arm', () => {
    const popover = (label: string) => {
      const button = all(page, 'button').find((one) => textOf(one) === label);
      return textOf(everything(page).find(({ attributes }) => attributes.id === button?.attributes.popovertarget)!);
    };
    expect(popover('ttft p50')).toMatch(/^ttft Time to first token \(lower is better\)From the moment the turn was due/);
    expect(popover('C')).toMatch(/^C: WebSocket modewebsocket\/responses\/kept>.*Client ⇄ gateway: websocket, responses, kept\./);
    expect(popover('ratio')).toMatch(/^ratioCandidate divided by baseline/);
    for (const element of everything(page).filter(({ attributes }) => 'popover' in attributes)) expect(classOf(element)).toBe('definition');
  });

  test('adapts to darkness, narrow screens and paper', () => {
    const style = textOf(all(page, 'style')[0]!);
    expect(style).toContain('@media (prefers-color-scheme: dark)');
    expect(style).toContain('@media screen and (max-width: 760px)');
    expect(style).toContain('@media print');
    expect(all(page, 'meta').some(({ attributes }) => attributes.name === 'viewport')).toBe(true);
  });

  test('has headings in order, tables with scopes, and a name for each part', () => {
    const levels = everything(page).flatMap(({ name }) => (/^h[1-6]$/.test(name) ? [Number(name[1])] : []));
    expect(levels[0]).toBe(1);
    for (const [index, level] of levels.slice(1).entries()) expect(level - levels[index]!).toBeLessThanOrEqual(1);
    for (const { attributes } of all(page, 'th')) expect(['col', 'row']).toContain(attributes.scope);
    for (const { attributes } of all(page, 'section')) expect(attributes['aria-labelledby'] ?? attributes['aria-label']).toMatch(/\w/);
    for (const { attributes } of everything(page).filter(({ attributes: of }) => of.tabindex !== undefined)) {
      expect([attributes.role, attributes.tabindex]).toEqual(['region', '0']);
      expect(attributes['aria-label']).toMatch(/\w/);
    }
  });

  test('has each chart in two widths, with a title and in words', () => {
    const charts = withClass(page, 'chart');
    // Four climbs, four spectra and a timeline, three and three spectra of two conditions, and one of the streams.
    expect(charts).toHaveLength(4 + 4 + 1 + 3 + 3 + 1);
    for (const chart of charts) {
      expect(textOf(all(chart, 'figcaption')[0]!).trim()).not.toBe('');
      const [image] = everything(chart).filter(({ attributes }) => attributes.role === 'img');
      expect(image!.attributes['aria-label']).toMatch(/\d/);
      const drawings = all(image!, 'svg').map(({ attributes }) => [
        attributes.class,
        attributes.viewBox?.split(' ')[2],
        attributes['aria-hidden'],
      ]);
      expect(drawings).toEqual([
        ['wide', '600', 'true'],
        ['narrow', '340', 'true'],
      ]);
    }
    const labels = charts.map((chart) => everything(chart).find(({ attributes }) => attributes.role === 'img')!.attributes['aria-label']!);
    expect(labels).toContain(
      'Turn from HTTP mode, 128 ms, to arm T, 86.4 ms: streaming: http → sse −768 µs; connection reuse: per-turn → kept −41.7 ms; envelope: chat → responses +85.5 µs; transport: sse → websocket −342 µs; threads: inline → thread +1.02 ms; upstream leg: sse, chat → websocket, responses +173 µs.',
    );
    expect(labels).toContain(
      'A: completionLag p99 by streams, limit 100 ms: 100: 4.10 ms, 400: 38.0 ms, 450: 210 ms (did not hold), 800: not known (did not hold). B: completionLag p99 by streams, limit 100 ms: 100: 1.20 ms, 400: 5.10 ms, 1,600: 61.0 ms.',
    );
    expect(labels.some((label) => label.startsWith('Completion lag, percentile spectra. A: p50 41.'))).toBe(true);
    expect(labels).toContain('B over 400 ms: due up to 80.0 /s, completed up to 40.0 /s, refused up to 35.0 /s, median turn up to 340 ms.');
  });

  test('shows numbers with intervals, reasons and accounts', () => {
    const rows = rowsOf(page);
    expect(rows).toContain('ttft p50 C ÷ A 0.0435 [0.0421, 0.0450] better');
    expect(rows.some((row) => row.startsWith('tpot p50–¹20.1 ms [20.0, 20.2]'))).toBe(true);
    expect(rows.some((row) => row.startsWith('C1,5001,4880109'))).toBe(true);
    expect(rows.some((row) => row.includes('≥ 1,600 streams¹'))).toBe(true);
    expect(rows).toContain('bytesPerToken B ÷ A 0.584 exact−139 B/token exact better (decides)');
    expect(rows).toContain('2. connection reuse: per-turn → kept 0.672 [0.664, 0.680] 85.5 ms');
    expect(rows).toContain('3. envelope: chat → responses 1.001 [0.992, 1.010]interaction 0.998 [0.980, 1.017] 85.6 ms');
    expect(rows).toContain('450210 ms □');
    expect(rows).toContain('B best HTTP 44.2 µs/token [42.9, 45.5]');
    expect(textOf(page)).not.toMatch(/NaN|undefined|null|Infinity|\[object/);
  });

  test('shows what turns around the median and the slowest spent their time on, as bars and in numbers', () => {
    const rows = rowsOf(page);
    expect(rows).toContainEqual(expect.stringMatching(/^A around the median.*2\.15 s$/));
    expect(rows).toContainEqual(expect.stringMatching(/^A above p90.*2\.71 s$/));
    expect(rows).toContain('upstream first token1.10 s1.52 s1.10 s1.51 s1.10 s');
    expect(rows).toContainEqual(
      expect.stringMatching(
        /^A latency-2-0\.x\.17\.3.*3\.21 s ?upstream first token, 2\.02 s ?completed ?0af7651916cd43dd8448eb211c80319c$/,
      ),
    );
    expect(rows).toContainEqual(expect.stringMatching(/^A latency-0-0\.x\.4\.0.*12\.5 ms ?not told ?failed \(connection_lost\)/));
    expect(textOf(page)).toContain(
      'A, around the median: the gateway waited 2.08 s for the model; by its own record the model took 2.08 s.',
    );
    expect(withClass(page, 'definition').some((one) => textOf(one).startsWith('queue wait'))).toBe(true);
  });

  test('is the same page, with nothing broken out of, when every text is hostile', () => {
    const text = renderHtml(hostileReport());
    const hostile = parseHtml(text);
    const shape = (root: Element) => everything(root).map(({ name }) => name);
    const extra = new Set(shape(hostile).filter((name) => !shape(page).includes(name)));
    expect([...extra]).toEqual([]);
    expect(all(hostile, 'a').every(({ attributes }) => attributes.href!.startsWith('#'))).toBe(true);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the characters are what is tested.
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    const ids = everything(hostile).flatMap(({ attributes }) => (attributes.id === undefined ? [] : [attributes.id]));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('an arm’s id that is markup stays text, in charts as well', () => {
    const report = exampleReport();
    const evil = '</svg><script>alert(1)</script>';
    const scenarios = report.scenarios.map((scenario) => ({
      ...scenario,
      arms: scenario.arms.map((arm) => ({ ...arm, id: `${arm.id}${evil}` })),
      comparisons: [],
      ladder: (scenario.ladder ?? []).map((rung) => ({ ...rung, factor: evil, from: evil })),
    }));
    const hostile = pageOf({ ...report, scenarios });
    expect(all(hostile, 'script')).toEqual([]);
    expect(all(hostile, 'text').some((element) => textOf(element).startsWith('</svg><script>'))).toBe(true);
  });
});

describe('a page of little', () => {
  test('is one of an empty report', () => {
    const page = pageOf(emptyReport());
    expect(textOf(page)).toContain('Nothing was asked.');
    expect(textOf(page)).toContain('Nothing was measured.');
    expect(all(page, 'figure')).toEqual([]);
  });

  test('leaves out what a scenario does not have', () => {
    const [scenario] = exampleReport().scenarios;
    const bare = {
      ...scenario!,
      arms: [exampleArm('x')],
      comparisons: [],
      ladder: [],
      findings: [],
      notRun: [],
      schedule: null,
      parameters: {},
    };
    const page = pageOf(emptyReport({ scenarios: [bare] }));
    expect(all(page, 'h3').map(textOf)).toEqual(['Where the turns went', 'Validity']);
  });

  test('says of a histogram that it cannot be read, and draws the others', () => {
    const [scenario] = exampleReport().scenarios;
    const arms = scenario!.arms.map((arm, index) => (index === 0 ? { ...arm, histograms: { turn: 'nonsense' } } : arm));
    const page = pageOf(emptyReport({ scenarios: [{ ...scenario!, arms }] }));
    const [turn] = withClass(page, 'chart').filter((chart) => textOf(all(chart, 'figcaption')[0]!).startsWith('Turn'));
    expect(textOf(all(turn!, 'figcaption')[0]!)).toContain('1 arm has too few samples, or a histogram that cannot be read');
    expect(everything(turn!).find(({ attributes }) => attributes.role === 'img')!.attributes['aria-label']).toMatch(/spectra\. B: /);
  });
});

describe('claims on the page', () => {
  const page = pageOf(exampleReport());
  const [card] = all(page, 'article');

  test('stand side by side, published above measured, with the verdict and what decided it', () => {
    expect(all(page, 'article').map((one) => [textOf(all(one, 'h3')[0]!), textOf(withClass(one, 'word')[0]!)])).toEqual([
      ['Turn', 'not reproduced'],
      ['Token overhead ÷ wire', 'reversed'],
      ['Concurrent streams', 'inconclusive'],
      ['CPU share', 'reproduced'],
    ]);
    expect(rowsOf(card!)).toEqual([
      'published HTTP850 ms',
      'published WebSocket320 ms',
      'measured HTTP2.15 s',
      'measured best HTTP2.10 s',
      'measured WebSocket2.10 s',
    ]);
    expect(textOf(card!)).toContain('Claimed 62.0 % lower, measured 2.19 % lower [1.71, 2.66].');
    expect(textOf(card!)).toContain('Headline: round trip 20 ms, TLS, 20 ms a token');
  });

  test('have bars on one scale, or on two where the units differ', () => {
    const widths = (one: Element) => all(one, 'rect').map(({ attributes }) => Number.parseFloat(attributes.width!));
    expect(widths(card!)).toEqual([850, 320, 2_145, 2_099, 2_098].map((ms) => expect.closeTo((100 * ms) / 2_145, 1)));
    expect(widths(all(page, 'article')[3]!)).toEqual([
      100,
      expect.closeTo((100 * 45) / 78, 1),
      100,
      expect.closeTo((100 * 44.2) / 71.4, 1),
      expect.closeTo((100 * 39.8) / 71.4, 1),
    ]);
    expect(rowsOf(all(page, 'article')[2]!).at(-1)).toBe('measured WebSocket≥ 1,600 streams');
  });

  test('have all their readings, the headline marked', () => {
    expect(rowsOf(page)).toContain(
      'round trip 20 ms, TLS, 20 ms a token (headline) turn p50 2.19 % lower [1.71, 2.66]2.15 s → 2.10 s (best HTTP 2.10 s) not reproduced',
    );
    expect(withClass(page, 'claimed')).toHaveLength(exampleReport().claims.reduce((sum, { readings }) => sum + readings.length, 0));
  });

  test('have a map of where they would hold, which does not rest on colour', () => {
    const [map] = withClass(page, 'map');
    const rows = all(map!, 'tr').map((row) => row.children.map((cell) => [classOf(cell), textOf(cell).trim()]));
    expect(rows.slice(1)).toEqual([
      [
        ['', 'model time of the reply (ms)'],
        ['', '0'],
        ['', '20'],
        ['', '80'],
        ['', '200'],
      ],
      [
        ['', '50'],
        ['none', '2'],
        ['part', '41'],
        ['held', '62 ●'],
        ['held', '65'],
      ],
      [
        ['', '500'],
        ['none', '1'],
        ['part', '7'],
        ['part', '24'],
        ['part', '44'],
      ],
      [
        ['', '2,000'],
        ['none', '0'],
        ['none', '2 ●'],
        ['part', '7'],
        ['unknown', '–'],
      ],
    ]);
    expect(textOf(page)).toContain('Measured at round trip 80 ms, model time of the reply 140 ms: 48.0 % lower.');
  });

  test('without a headline reading have no measured bars, and say so', () => {
    const claim = { ...exampleReport().claims[2]!, readings: [], headline: { measure: 'concurrency', condition: 'elsewhere' } };
    const [lone] = all(pageOf(emptyReport({ claims: [claim] })), 'article');
    expect(rowsOf(lone!)).toHaveLength(2);
    expect(textOf(lone!)).toContain('Claimed 4.00×, measured –.');
  });
});
