import { defineConfig } from 'vitest/config';

/** Tests that find out where time goes, to milliseconds: each has the machine to itself, after all others. */
const TIMED = ['bench/orchestrator/phase-faults.test.ts', 'gateway/phases.test.ts'];
const NOT_OURS = ['**/node_modules/**', 'dist/**'];

export default defineConfig({
  test: {
    // Processes, not threads: tests start workers, send signals and read their own CPU time.
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: ['default', './scripts/count-reporter.ts'],
    // Many tests start processes of their own, and some watch the clock: more at once would only wait for each other.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'tests', include: ['**/*.test.ts'], exclude: [...NOT_OURS, ...TIMED], sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: 'timed', include: TIMED, exclude: NOT_OURS, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});
