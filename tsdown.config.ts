import { defineConfig, type UserConfig } from 'tsdown';
import { entries } from './scripts/lib/paths.mjs';

const config: UserConfig = defineConfig({
  entry: entries(),
  outDir: 'dist',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  dts: true,
  fixedExtension: false,
  hash: false,
  clean: true,
  // What an editor shows comes from the declarations; a reader of the code has the repository.
  outputOptions: { comments: { jsdoc: false } },
});

export default config;
