import { describe, expect, test } from 'vitest';
import { cleaned } from './markup.ts';

const path = (d: string, rest = 'stroke="var(--a)"') => `<path d="${d}" fill="none" ${rest} class="z"></path>`;
const svg = (...parts: string[]) => `<svg id="a"><rect x="0" width="9" fill="none"></rect>${parts.join('')}</svg>`;

describe('ECharts’ SVG', () => {
  test('keeps shapes and texts, and nothing that could clash or run', () => {
    const rest =
      '<defs><clipPath id="c"><path d="M0 0"/></clipPath></defs><style>.z:hover{}</style><foreignObject x="1">no</foreignObject><image href="x"/>';
    expect(cleaned(svg(`<g clip-path="url(#c)">${path('M1 2L3 4')}</g>`, rest))).toBe('<path d="M1 2l2 2" stroke="var(--a)"/>');
    expect(cleaned(svg('<circle cx="1" cy="2" r="3" fill="var(--b)" onclick="x()" ecmeta_x="1" id="q"/>'))).toBe(
      '<circle cx="1" cy="2" r="3" fill="var(--b)"/>',
    );
  });

  test('has texts at their place, escaped as they were, with what differs from the page’s', () => {
    const text = (attributes: string, content: string) => cleaned(svg(`<text ${attributes}>${content}</text>`));
    expect(text('style="font-size:12px;font-weight:bold;" x="1.55" y="2" fill="#123456" text-anchor="start"', 'a &lt;b&gt;')).toBe(
      '<text font-weight="bold" x="1.6" y="2" fill="#123456">a &lt;b&gt;</text>',
    );
    expect(text('dominant-baseline="central" y="6" transform="translate(50 124.26)" fill="var(--muted)" text-anchor="middle"', 'p50')).toBe(
      '<text y="130.3" text-anchor="middle" x="50">p50</text>',
    );
    expect(text('style="font-size:10px;" x="1" y="1"', 'c')).toBe('<text font-size="10" x="1" y="1">c</text>');
  });

  test('has lines by what changes, which does not drift', () => {
    const many = Array.from(
      { length: 200 },
      (_, index) => `${index === 0 ? 'M' : 'L'}${(index * 0.33).toFixed(2)} ${index % 2 === 0 ? 0 : 9}`,
    );
    const d = cleaned(svg(path(many.join('')))).match(/d="([^"]*)"/)?.[1] ?? '';
    const steps = [...d.matchAll(/[hl](-?[\d.]+)/g)].map(([, x]) => Number(x));
    expect(steps).toHaveLength(199);
    expect(steps.reduce((sum, step) => sum + step, 0)).toBeCloseTo(199 * 0.33, 1);
    expect(cleaned(svg(path('M1 1L5 1L5 9L2 7')))).toContain('d="M1 1h4v8l-3-2"');
  });

  test('leaves out points that lie on the way, and no others', () => {
    expect(cleaned(svg(path('M0 0L5 0.1L10 0L15 5L20 10')))).toContain('d="M0 0h10l10 10"');
    expect(cleaned(svg(path('M0 0L5 0.4L10 0')))).toContain('d="M0 0l5 0.4l5-0.4"');
    expect(cleaned(svg(path('M0 0L10 0L4 0')))).toContain('d="M0 0h10h-6"');
  });

  test('joins what is drawn alike, and only that', () => {
    expect(cleaned(svg(path('M0 0L9 0'), path('M0 5L9 5'), path('M0 7L9 7', 'stroke="var(--b)"')))).toBe(
      '<path d="M0 0h9M0 5h9" stroke="var(--a)"/><path d="M0 7h9" stroke="var(--b)"/>',
    );
    const filled = '<path d="M0 0l2 0l0 2Z" fill="var(--a)"/>';
    expect(cleaned(svg(filled, filled))).toBe(filled + filled);
    const mark = '<path d="M1 0A1 1 0 1 1 1 -0.1" transform="matrix(3,0,0,3,9,9)" stroke="var(--a)"/>';
    expect(cleaned(svg(mark, mark))).toBe(mark + mark);
  });
});
