import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** `npm run fuzz` sets it: how many times more often the properties run. */
const isFuzzing = process.env['FUZZ_FACTOR'] !== undefined;
const fuzz = fileURLToPath(new URL('test/support/fast-check.ts', import.meta.url));
const src = fileURLToPath(new URL('src', import.meta.url));

const config: ViteUserConfig = defineConfig({
  resolve: {
    // The rule for doors: `daoflow/x` is src/x.ts. Tests run against the sources, docs and benches against dist.
    alias: [
      { find: /^daoflow$/, replacement: `${src}/index.ts` },
      { find: /^daoflow\/(.*)$/, replacement: `${src}/$1.ts` },
      ...(isFuzzing ? [{ find: /^fast-check$/, replacement: fuzz }] : []),
    ],
  },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
    testTimeout: 20_000,
    // What is waited for comes, however busy the machine: the default of 1 s is a test of that.
    expect: { poll: { timeout: 15_000 } },
    // The default leaves a core to the user: half of a machine of two.
    maxWorkers: '100%',
    // A test that was forgotten half-way must not pass in silence.
    allowOnly: false,
  },
});

export default config;
