import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { blocksOf, runBlock, typeErrors } from './docs-blocks.ts';
import { filesUnder, ROOT } from './sources.ts';

const pages = ['README.md', ...filesUnder('docs').filter((path) => path.endsWith('.md'))];
const blocks = pages
  .filter((path) => existsSync(join(ROOT, path)))
  .flatMap((path) => blocksOf(path, readFileSync(join(ROOT, path), 'utf8')));

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, 'scripts/setup.mjs')], { stdio: 'ignore' });
}, 120_000);

test('blocks are found with their place, their prelude and their wish not to run', () => {
  const page = 'Text\n```ts\na();\n```\n\n<!-- before:\nconst b = 1;\n-->\n```ts no-run\nb;\n```\n```js\nc\n```\n';
  expect(blocksOf('x.md', page)).toEqual([
    { place: 'x.md:2', code: 'a();\n', isRun: true },
    { place: 'x.md:9', code: 'const b = 1;\nb;\n', isRun: false },
  ]);
});

test('a wrong type and a throwing block are found', async () => {
  const block = (code: string) => ({ place: 'probe.md:1', code, isRun: true });
  expect(typeErrors([block('const a: number = "b";\nexport { a };')])[0]).toMatch(
    /^probe\.md:1, line 1 .*not assignable/,
  );
  expect(await runBlock(block('throw new Error("on purpose");'))).toContain('on purpose');
  expect(await runBlock(block('const a: number = 1;\nexport { a };'))).toBeUndefined();
}, 60_000);

test('every TypeScript block of the documentation type-checks', () => {
  expect(typeErrors(blocks)).toEqual([]);
}, 60_000);

describe.runIf(blocks.length > 0)('every TypeScript block of the documentation runs', () => {
  test.for(blocks.filter((block) => block.isRun))('$place', { timeout: 40_000 }, async (block) => {
    expect(await runBlock(block)).toBeUndefined();
  });
});
