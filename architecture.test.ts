/**
 * The house rules, held: who may import whom, what may be depended on, how long a file may be, and what must not
 * stand in a file at all. The rules are data; each violation is listed by file.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importsOf } from './scripts/imports.ts';

const ROOT = dirname(fileURLToPath(import.meta.url));

interface Rule {
  /** Folders or files that may be imported, besides the folder's own. */
  may: readonly string[];
  /** Only for `import type`. */
  mayTypes?: readonly string[];
}

/** What is shown of a gateway and of the instrument, and how: neither may import the other. */
const SEEN_BY_BOTH = ['dashboards/catalog.ts', 'dashboards/metrics', 'dashboards/live', 'dashboards/testing'];

const RULES: Readonly<Record<string, Rule>> = {
  transports: { may: [] },
  reports: { may: [] },
  dashboards: { may: [] },
  gateway: { may: ['transports', ...SEEN_BY_BOTH] },
  scenarios: { may: [], mayTypes: ['bench'] },
  bench: { may: ['transports', 'scenarios', 'reports', ...SEEN_BY_BOTH] },
};

/** May import anything. */
const COMPOSITION_ROOT = 'bench/cli.ts';

/** Run in a clone alone, to write files that are kept: may need what an installed gatebench has not. */
const GENERATORS = ['dashboards/grafana/', 'dashboards/prometheus/'];

/** Sides of which one module at most loads the OpenTelemetry SDK; all else sees its API. */
const TELEMETRY_SIDES = ['gateway', 'bench'];
const TELEMETRY_SDK = /^@opentelemetry\/(?!api$|api\/)/;

const LINES_MAX = 400;
/** Tables of cases are long, and read from the top. */
const TEST_LINES_MAX = 700;
/** Longer files, each with its reason. */
const LONG_FILES: Readonly<Record<string, string>> = {};

/** Of one machine: put together here, so that this file is not its own finding. */
const MACHINE_PATHS = ['work', 'tmp/probe', 'root', 'home', 'Users'].map((folder) => `/${folder}/`);

const SKIPPED_FOLDERS = new Set(['node_modules', '.git', 'dist', 'coverage', '.cache', 'latest', 'profiles']);

const files = walk(ROOT);
const sources = files.filter((path) => path.endsWith('.ts') && path.split('/')[0]! in RULES);
const isTest = (path: string) => path.endsWith('.test.ts') || path.split('/').includes('testing');

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : walk(join(folder, entry.name));
    return [relative(ROOT, join(folder, entry.name))];
  });
}

const textOf = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** From the root, for imports of our own files. */
const resolve = (from: string, specifier: string) => relative(ROOT, join(ROOT, dirname(from), specifier));

function allowed(path: string, target: string, typesOnly: boolean): boolean {
  const folder = path.split('/')[0]!;
  const rule = RULES[folder]!;
  const places = [folder, ...rule.may, ...(typesOnly ? (rule.mayTypes ?? []) : [])];
  return path === COMPOSITION_ROOT || places.some((place) => target === place || target.startsWith(`${place}/`));
}

describe('the sources', () => {
  it('are found', () => {
    for (const folder of ['transports', 'gateway', 'bench', 'scenarios', 'reports']) {
      expect(sources.filter((path) => path.startsWith(`${folder}/`)).length).toBeGreaterThan(3);
    }
  });

  it.each(Object.keys(RULES))('in %s import only what they may', (folder) => {
    const violations = sources
      .filter((path) => path.startsWith(`${folder}/`))
      .flatMap((path) =>
        importsOf(textOf(path))
          .filter(({ specifier, typesOnly }) => specifier.startsWith('.') && !allowed(path, resolve(path, specifier), typesOnly))
          .map(({ specifier }) => `${path} imports ${resolve(path, specifier)}`),
      );
    expect(violations).toEqual([]);
  });

  it('do not import tests, or what only tests may use', () => {
    const violations = sources
      .filter((path) => !isTest(path))
      .flatMap((path) =>
        importsOf(textOf(path))
          .filter(({ specifier }) => specifier.startsWith('.') && isTest(resolve(path, specifier)))
          .map(({ specifier }) => `${path} imports ${specifier}`),
      );
    expect(violations).toEqual([]);
  });

  it('depend on packages that an installed gatebench has', () => {
    const { dependencies } = JSON.parse(textOf('package.json')) as { dependencies: Record<string, string> };
    const violations = sources
      .filter((path) => !isTest(path) && !GENERATORS.some((folder) => path.startsWith(folder)))
      .flatMap((path) =>
        importsOf(textOf(path))
          .map(({ specifier }) => specifier)
          .filter((specifier) => !/^(\.|node:)/.test(specifier) && !Object.hasOwn(dependencies, packageOf(specifier)))
          .map((specifier) => `${path} imports ${specifier}, which is no dependency`),
      );
    expect(violations).toEqual([]);
  });

  it.each(TELEMETRY_SIDES)('load the OpenTelemetry SDK from one module of %s at most', (side) => {
    const importers = sources
      .filter((path) => path.startsWith(`${side}/`) && !isTest(path))
      .filter((path) => importsOf(textOf(path)).some(({ specifier }) => TELEMETRY_SDK.test(specifier)));
    expect(importers.length, importers.join(', ')).toBeLessThanOrEqual(1);
  });

  it('start modules by the URL that these give of themselves, since a build renames them', () => {
    expect(sources.filter((path) => !isTest(path) && /new URL\(\s*['"`][^'"`]*\.ts['"`]/.test(textOf(path)))).toEqual([]);
  });

  it(`have at most ${LINES_MAX} lines (tests ${TEST_LINES_MAX}), or a reason`, () => {
    const linesOf = (path: string) => textOf(path).split('\n').length - 1;
    const long = sources.filter((path) => linesOf(path) > (isTest(path) ? TEST_LINES_MAX : LINES_MAX));
    expect(long).toEqual(Object.keys(LONG_FILES));
  });
});

describe('no file', () => {
  it('names a path of the machine that it was written on', () => {
    const violations = files.filter((path) => !isBinary(path) && MACHINE_PATHS.some((place) => mentions(textOf(path), place)));
    expect(violations).toEqual([]);
  });

  it('names where a package was downloaded from', () => {
    const lockfiles = files.filter((path) => path.endsWith('package-lock.json'));
    expect(lockfiles).toContain('tools/node/package-lock.json');
    expect(lockfiles.filter((path) => textOf(path).includes('"resolved"'))).toEqual([]);
  });
});

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function isBinary(path: string): boolean {
  return /\.(png|jpe?g|gif|woff2?|gz|tgz|bin)$/.test(path);
}

/** As the beginning of a path, not in the middle of one. */
function mentions(text: string, place: string): boolean {
  for (let at = text.indexOf(place); at !== -1; at = text.indexOf(place, at + 1)) {
    if (at === 0 || /[\s'"`(=:,[]/.test(text[at - 1]!)) return true;
  }
  return false;
}
