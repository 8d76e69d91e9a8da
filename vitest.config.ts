import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**'],
    // Processes, not threads: tests start workers, send signals and read their own CPU time.
    pool: 'forks',
    // Many tests start processes of their own, and some watch the clock: more at once would only wait for each other.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: ['default', './scripts/count-reporter.ts'],
  },
});
