import { defineConfig } from 'vitest/config';

const here = new URL('.', import.meta.url).pathname;

export default defineConfig({
  resolve: {
    alias: [
      { find: /^daoflow$/, replacement: `${here}src/index.ts` },
      { find: /^daoflow\/(.*)$/, replacement: `${here}src/$1.ts` },
    ],
  },
  test: { include: ['src/**/*.test.ts', 'test/**/*.test.ts'], testTimeout: 20_000 },
});
