import { describe, expect, it } from 'vitest';
import { importsOf } from './imports.ts';

describe('imports of a module', () => {
  it.each([
    ["import a from './a.ts';", './a.ts', false],
    ["import { b } from 'b';", 'b', false],
    ["import {\n  b,\n  type C,\n} from '../b.ts';", '../b.ts', false],
    ["import * as d from '@x/d/sub';", '@x/d/sub', false],
    ["import './effect.ts';", './effect.ts', false],
    ["import type { E } from './e.ts';", './e.ts', true],
    ["export { f } from './f.ts';", './f.ts', false],
    ["export * from './g.ts';", './g.ts', false],
    ["export type { H } from './h.ts';", './h.ts', true],
    ["const { i } = await import('./i.ts');", './i.ts', false],
  ])('%s', (source, specifier, typesOnly) => {
    expect(importsOf(`const before = 'x';\n${source}\n`)).toEqual([{ specifier, typesOnly }]);
  });

  it('are not what merely looks like one', () => {
    expect(
      importsOf(
        "/**\n * import { a } from './a.ts';\n */\n// import './b.ts';\nexport const text = 'from';\nexport type Name = 'c' | 'd';\n",
      ),
    ).toEqual([]);
  });
});
