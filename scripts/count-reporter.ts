/**
 * Prints one plain line last, for scripts: `N passed, N failed`, with `, N skipped` where some were.
 *
 * What kept tests from running counts as failed too: a file that cannot be loaded, a hook that threw, an error that
 * nobody caught. Otherwise a run could count no failure and still not be sound.
 */
import type { Reporter, TestModule, TestSuite } from 'vitest/node';

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      for (const suite of [module, ...module.children.allSuites()]) if (brokeItself(suite)) counts.failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        // Pending at the end of a run: it was cut off.
        counts[state === 'pending' ? 'failed' : state] += 1;
      }
    }
    const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`;
    process.stdout.write(`${counts.passed} passed, ${counts.failed} failed${skipped}\n`);
  }
}

function brokeItself(suite: TestModule | TestSuite): boolean {
  return suite.errors().length > 0;
}
