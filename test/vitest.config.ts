import { defineConfig } from 'vitest/config';

/**
 * Tests start threads and whole engines of their own and wait for them: three files at a time is what two cores carry. What
 * a file imports stays loaded for the next one of its process: no file may leave anything behind.
 */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 3,
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
