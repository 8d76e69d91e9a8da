import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CommandsUnderTest } from './testing/commands.ts';

const SAY_ARGUMENTS = {
  py: 'import sys; print(sys.argv[1:])',
  js: 'console.log(process.argv.slice(2))',
  ts: 'const a: string[] = process.argv.slice(2); console.log(a)',
};

describe('a first word', () => {
  it('is run by its kind: Python, Node, or itself', async () => {
    await using commands = new CommandsUnderTest();
    commands.write('a.py', SAY_ARGUMENTS.py);
    commands.write('a.mjs', SAY_ARGUMENTS.js);
    commands.write('a.cjs', SAY_ARGUMENTS.js);
    commands.write('a.js', SAY_ARGUMENTS.js);
    commands.write('a.ts', SAY_ARGUMENTS.ts);
    commands.write('tool', "#!/bin/sh\necho \"[ '$1', '$2' ]\"", 0o700);
    mkdirSync(join(commands.workspace, 'bin'));
    commands.write('bin/tool', '#!/bin/sh\necho below', 0o700);
    for (const name of ['a.mjs', 'a.cjs', 'a.js', 'a.ts', './a.js', 'bin/../a.js', './tool']) {
      const started = commands.start([name, 'x y', '--z']);
      expect(await started.ended, name).toEqual({ kind: 'exited', status: 0 });
      expect(started.output(), name).toBe("[ 'x y', '--z' ]\n");
    }
    const python = commands.start(['a.py', 'x y', '--z']);
    await python.ended;
    expect(python.output()).toBe("['x y', '--z']\n");
    const below = commands.start(['bin/tool']);
    await below.ended;
    expect(below.output()).toBe('below\n');
  });

  it('is a program of the gateway’s path where it is listed; node is the gateway’s own', async () => {
    await using commands = new CommandsUnderTest({ programs: ['node', 'env', '/bin/sh'] });
    const node = commands.start(['node', '-p', 'process.execPath']);
    await node.ended;
    expect(node.output()).toBe(`${process.execPath}\n`);
    expect(await commands.start(['env']).ended).toEqual({ kind: 'exited', status: 0 });
    expect(await commands.start(['/bin/sh', '-c', 'exit 4']).ended).toEqual({ kind: 'exited', status: 4 });
  });

  it.each<[string, string[], string | RegExp]>([
    ['not listed', ['cat', 'x'], 'the program "cat" is not allowed; allowed: env, no-such-program, /no/such/program, node'],
    ['listed by name, and given by its path', ['/usr/bin/env'], /^the program "\/usr\/bin\/env" is not allowed/],
    ['of a kind whose program is not listed', ['a.py'], /^the program "python3" is not allowed/],
    ['an executable where those are not listed', ['./tool'], /^the program "\.\/tool" is not allowed/],
    ['the sign for executables itself', ['./*'], /^the program "\.\/\*" is not allowed/],
    ['nothing', [], /^the program "" is not allowed/],
    ['listed, and not there', ['no-such-program'], 'there is no program "no-such-program" on this host'],
    ['listed by its path, and not there', ['/no/such/program'], 'there is no program "/no/such/program" on this host'],
    ['a script that is not there', ['none.js'], 'there is no file "none.js" in the workspace'],
    ['a script by an absolute path', ['/etc/a.js'], '"/etc/a.js" is not in the workspace'],
    ['a script above the workspace', ['../a.js'], /^(there is no file "\.\.\/a\.js" in|"\.\.\/a\.js" is not in) the workspace$/],
    ['a script behind a link that leads out', ['link.js'], '"link.js" is not in the workspace'],
    ['a script in a folder behind such a link', ['up/a.js'], /in the workspace$/],
    ['a folder', ['folder.js'], '"folder.js" is no file'],
    ['a script with a NUL character', ['a\0.js'], /is not in the workspace$/],
  ])('that is %s is refused', async (_, words, message) => {
    await using commands = new CommandsUnderTest({ programs: ['env', 'no-such-program', '/no/such/program', 'node'] });
    commands.write('a.py', '');
    commands.write('tool', '#!/bin/sh', 0o700);
    mkdirSync(join(commands.workspace, 'folder.js'));
    symlinkSync(process.execPath, join(commands.workspace, 'link.js'));
    symlinkSync('/etc', join(commands.workspace, 'up'));
    const result = await commands.start(words).ended;
    expect(result).toEqual({ kind: 'refused', message: expect.stringMatching(typeof message === 'string' ? exactly(message) : message) });
  });

  it('that is an executable only by its name is refused, as is one that cannot be started', async () => {
    await using commands = new CommandsUnderTest();
    commands.write('data', 'no program', 0o600);
    commands.write('broken', '#!/no/such/interpreter\n', 0o700);
    expect(await commands.start(['./data']).ended).toEqual({ kind: 'refused', message: '"./data" is not executable' });
    expect(await commands.start(['./broken']).ended).toEqual({ kind: 'refused', message: 'it could not be started: ENOENT' });
    expect(await commands.start(['env', 'a\0b']).ended).toEqual({
      kind: 'refused',
      message: expect.stringMatching(/^it could not be started: .*null bytes/),
    });
    expect(commands.runner.running).toBe(0);
  });

  it('that no program is listed for is refused with that', async () => {
    await using commands = new CommandsUnderTest({ programs: [] });
    expect(await commands.start(['sh']).ended).toEqual({ kind: 'refused', message: 'the program "sh" is not allowed; allowed: none is' });
  });
});

function exactly(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')}$`);
}
