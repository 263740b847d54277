import { defineConfig } from 'vitest/config';

/** Tests start threads and whole engines of their own: two files at a time is what two cores carry. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
