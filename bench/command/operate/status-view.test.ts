import { describe, expect, it } from 'vitest';
import { statusPage, thread, threadsPage } from '../testing/admin.ts';
import { checksView, statusView, threadsView } from './status-view.ts';

const PLAIN = { color: false };
const ESCAPE = '\u001b';

describe('the status', () => {
  it('is a page of text', () => {
    expect(statusView(statusPage(), PLAIN).split('\n')).toEqual([
      'gateway 0.1.0 · running · process 4242 · up 3 min 20 s · ws://127.0.0.1:18789',
      '',
      '  turns        3 in flight, 1 waiting · 1,200 completed, 2 failed, 1 cancelled, 0 timed out, 4 refused',
      '               agent_error 2 · unauthorized 4',
      '  connections  12 · 3 sessions · 0 commands running',
      '  agents       in threads, at most 2; 100 turns may wait',
      '               thread: 2 up, 3 started, 1 ended, 0 died, 0 killed · dispatch p50 61.0 µs, p99 410 µs · wait p50 0 ms, p99 12.0 ms',
      '  main thread  loop delay p50 400 µs, p99 1.20 ms, worst 14.0 ms in the last 3 min 20 s; busy 3.10 %',
      '  memory       120 MB resident · 30.0 MB heap, 2.00 MB buffers of the main thread',
      '  CPU          12.0 s of all threads',
      '  quotas       1 warning, 0 turns stopped',
      '  log          standard error (info and above) · 0 errors',
      '',
    ]);
  });

  it('wraps where the terminal is narrow, and has colours where it has them', () => {
    const narrow = statusView(statusPage(), { color: false, width: 60 });
    for (const line of narrow.split('\n').slice(2)) expect(line.length).toBeLessThanOrEqual(60);
    expect(statusView(statusPage(), { color: true })).toContain(`${ESCAPE}[32mrunning${ESCAPE}[0m`);
    expect(narrow).not.toContain(ESCAPE);
  });

  it('passes on nothing that a terminal would obey', () => {
    const hostile = `x${ESCAPE}[2J`;
    const page = statusPage({ version: hostile, state: hostile, log: { ...statusPage().log, level: hostile, currentFile: hostile } });
    page.turns.codes = { [hostile]: 1 };
    page.turns.ended = { [hostile]: 1 };
    page.config.agents.execution = hostile;
    expect(statusView(page, PLAIN)).not.toContain(ESCAPE);
    const row = thread({ name: hostile, kind: hostile, agent: hostile, state: hostile });
    expect(threadsView(threadsPage(row), PLAIN)).not.toContain(ESCAPE);
  });
});

describe('the threads', () => {
  it('are a table, and what is not known is a dash', () => {
    const view = threadsView(
      threadsPage(
        thread({ state: 'busy', agent: 'codex', turns: 2, runQueueWaitRatio: 0.55 }),
        thread({
          name: 'process-1',
          kind: 'process',
          pid: 99,
          cpuMs: null,
          heapUsedBytes: null,
          externalBytes: null,
          rssBytes: null,
          voluntarySwitches: null,
          involuntarySwitches: null,
          runQueueWaitMs: null,
          runQueueWaitRatio: null,
        }),
      ),
      PLAIN,
    );
    expect(view.split('\n')).toEqual([
      'name            state    agent  turns  age         CPU     heap     buffers  resident  switches  forced  core wait  wait ÷ run',
      'main            running  any    0      1 min 40 s  2.50 s  9.00 MB  1.00 MB  –         1,234     56      250 ms     0.100',
      expect.stringMatching(/^agent-1 +busy +codex +2 .*0\.550$/),
      expect.stringMatching(/^process-1 \(99\) +idle +any +0 +1 min 40 s +(– +){7}–$/),
      '',
      '2 besides the main thread, 1 busy; 14 threads in the process, with those of libuv and V8',
      '',
    ]);
  });

  it('that wait for cores stand out', () => {
    const view = (ratio: number) => threadsView(threadsPage(thread({ runQueueWaitRatio: ratio })), { color: true });
    expect(view(0.55)).toContain(`${ESCAPE}[31m0.550`);
    expect(view(0.2)).not.toContain(`${ESCAPE}[31m`);
  });
});

describe('the checklist', () => {
  it('says what is ok, what is not and what to do, and the whole', () => {
    const checks = [
      { name: 'gateway', state: 'ok', said: 'runs' },
      { name: 'token', state: 'unknown', said: 'not tried', remedy: 'name one' },
      { name: 'queue', state: 'bad', said: '7 refused', remedy: 'offer less' },
    ] as const;
    expect(checksView(checks, PLAIN).split('\n')).toEqual([
      '✓  gateway  runs',
      '?  token    not tried',
      '            → name one',
      '✗  queue    7 refused',
      '            → offer less',
      '',
      'overall: not ok: 1 of 3',
      '',
    ]);
    expect(checksView(checks.slice(0, 2), PLAIN)).toContain('overall: ok, but 1 not checked\n');
    expect(checksView(checks.slice(0, 1), PLAIN)).toContain('overall: ok\n');
  });
});
