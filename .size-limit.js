/** What `import 'daoflow'` brings in, as a bundler delivers it: everything reachable, minified, compressed. What it loads later,
 * when a flow uses it, is not among it. */
import { build } from 'tsdown';

const FOLDER = '.build/size';

await build({
  config: false,
  entry: { index: 'dist/index.js' },
  outDir: FOLDER,
  format: 'esm',
  platform: 'node',
  fixedExtension: false,
  minify: true,
  dts: false,
  clean: true,
  plugins: [{ name: 'loaded later', resolveDynamicImport: () => false }],
  outputOptions: { codeSplitting: false },
  logLevel: 'silent',
});

export default [{ name: 'import from daoflow', path: `${FOLDER}/index.js`, gzip: true, limit: '124 kB' }];
