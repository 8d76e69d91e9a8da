import { describe, expect, test } from 'vitest';
import { LINK_DEFAULTS, LINKS_DEFAULTS, parseConfig, parseTargetChange } from './config.ts';

const link = { name: 'rtt80', roundTripMs: 80 };

describe('a configuration', () => {
  test('is complete with its defaults, and frozen', () => {
    const target = { host: '127.0.0.1', port: 4_000 };
    const parsed = parseConfig({ links: [link, { name: 'slow', roundTripMs: 20, bandwidthBitsPerSecond: 1e7, target }] });
    expect(parsed).toEqual({
      value: {
        ...LINKS_DEFAULTS,
        links: [
          { ...LINK_DEFAULTS, ...link },
          { ...LINK_DEFAULTS, name: 'slow', roundTripMs: 20, bandwidthBitsPerSecond: 1e7, target },
        ],
      },
    });
    if (!('value' in parsed)) return;
    const { links } = parsed.value;
    for (const part of [parsed.value, links, links[0], links[1]?.target]) expect(Object.isFrozen(part)).toBe(true);
  });

  test.each([
    ['nothing', undefined, 'the configuration: expected'],
    ['no links', {}, 'links: expected 1 to 64 links, each of another name'],
    ['an empty list', { links: [] }, 'links: expected 1 to 64 links, each of another name'],
    ['a name twice', { links: [link, link] }, 'links: expected 1 to 64 links, each of another name'],
    ['a name with a space', { links: [{ ...link, name: 'a b' }] }, 'links.0.name: expected 1 to 64 letters, digits, "_", "." or "-"'],
    ['no round trip', { links: [{ name: 'x' }] }, 'links.0.roundTripMs: expected milliseconds from 0 to 10000'],
    ['a negative one', { links: [{ ...link, roundTripMs: -1 }] }, 'links.0.roundTripMs: expected milliseconds from 0 to 10000'],
    [
      'a bandwidth in Mbit/s',
      { links: [{ ...link, bandwidthBitsPerSecond: 100 }] },
      'links.0.bandwidthBitsPerSecond: expected 0 for none, or bits a second from 8000 to 1000000000000',
    ],
    [
      'half a byte',
      { links: [{ ...link, initialWindowBytes: 0.5 }] },
      'links.0.initialWindowBytes: expected 0 for none, or bytes from 1 to 1073741824',
    ],
    [
      'a port 0 as target',
      { links: [{ ...link, target: { host: 'a', port: 0 } }] },
      'links.0.target.port: expected a whole number from 1 to 65535',
    ],
    ['a port that is none', { links: [link], admin: 70_000 }, 'admin: expected a whole number from 0 to 65535'],
    ['no connections', { links: [link], connectionsMax: 0 }, 'connectionsMax: expected a whole number from 1 to 100000'],
  ])('with %s is refused', (_name, value, problem) => {
    const parsed = parseConfig(value);
    expect('problems' in parsed && parsed.problems.join('; ')).toContain(problem);
  });

  test('names all that is wrong with it, and keys that it does not know', () => {
    const parsed = parseConfig({
      links: [
        { ...link, delay: 3 },
        { name: '', roundTripMs: 'x' },
      ],
      ports: {},
    });
    expect('problems' in parsed && parsed.problems).toEqual([
      'links.0: expected none of the keys delay',
      'links.1.name: expected 1 to 64 letters, digits, "_", "." or "-"',
      'links.1.roundTripMs: expected milliseconds from 0 to 10000',
      'the configuration: expected none of the keys ports',
    ]);
  });
});

test.each([
  [{ name: 'rtt80', target: { host: '127.0.0.1', port: 4_000 } }, undefined],
  [{ name: 'rtt80' }, 'target: expected a host and a port'],
  [{ name: 'rtt80', target: { host: '', port: 1 } }, 'target.host: expected a host name or address'],
])('a change of target %j', (value, problem) => {
  const parsed = parseTargetChange(value);
  expect('problems' in parsed ? parsed.problems.join('; ') : undefined).toBe(problem);
});
