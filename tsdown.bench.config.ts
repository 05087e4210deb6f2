import { existsSync, readdirSync } from 'node:fs';
import { defineConfig, type UserConfig } from 'tsdown';

/** Benches (bench/x.ts) and the programs that they start (bench/child/x.ts). */
const config: UserConfig = defineConfig({
  entry: { ...sourcesIn('bench', ''), ...sourcesIn('bench/child', 'child/') },
  outDir: '.build/bench',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  dts: false,
  fixedExtension: false,
  hash: false,
  clean: true,
  // What a user runs: the built package, found by its own name, and the peers as they are installed.
  deps: { neverBundle: [/^[^./]/] },
});

function sourcesIn(folder: string, prefix: string): Record<string, string> {
  const names = (existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [])
    .filter((file) => file.isFile() && file.name.endsWith('.ts') && !file.name.endsWith('.test.ts'))
    .map((file) => file.name.slice(0, -3));
  return Object.fromEntries(names.map((name) => [`${prefix}${name}`, `${folder}/${name}.ts`]));
}

export default config;
