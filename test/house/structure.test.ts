/** Layers, bans, cycles and dead files: each rule is tried on the real tree and on one that breaks it. */

import { expect, test } from 'vitest';
import { entries, PROGRAMS } from '../../scripts/lib/paths.mjs';
import { banProblems, codegenProblems } from './bans.ts';
import { cyclesIn, folderGraph, importGraph, reachableFrom, runtimeGraph } from './graph.ts';
import { doorProblems, EXCEPTIONS, layerProblems } from './layers.ts';
import { isTest, readSources, sourceFile } from './sources.ts';

const sources = readSources();

/** Past this, ask which noun is hiding here. A hot loop or a state machine may be longer, and says so. */
const LONG_FILE_LINES = 350;
/** Past this, one certainly is. */
const TOO_LONG_LINES = 700;

/** Helpers of the tests beside them: alive when a test imports them. */
const TEST_HELPER = /[/-](fixtures|fakes|drive|contract|model|harness)\.ts$/;

test('imports point downward only', () => {
  expect(layerProblems(sources, EXCEPTIONS)).toEqual([]);
});

test('the layer rule finds an upward import, a folder without a layer and an exception that is not needed', () => {
  const upward = sourceFile('src/stats/x.ts', `import type { Flow } from '../flow/flow.ts';`);
  expect(layerProblems([upward])).toEqual([
    'src/stats/x.ts:1 is in layer foundations and imports src/flow/flow.ts of the higher layer language',
  ]);
  const judge = sourceFile('src/tuning/x.ts', `export { y } from '../metrics/y.ts';`);
  expect(layerProblems([judge])).toHaveLength(1);
  const stray = sourceFile('src/utils/x.ts', `import '../errors/errors.ts';`);
  expect(layerProblems([stray])[0]).toContain('has no layer');
  expect(layerProblems([], { 'a -> b': 'reason' })).toHaveLength(1);
  expect(layerProblems([upward], { 'src/stats/x.ts -> src/flow/flow.ts': 'reason' })).toEqual([]);
});

test('doors only re-export', () => {
  expect(doorProblems(sources)).toEqual([]);
  expect(doorProblems([sourceFile('src/x.ts', `export const x = 1;`)])).toHaveLength(1);
  expect(
    doorProblems([sourceFile('src/x.ts', `export * from './a/b.ts';\nexport type {\n  B,\n} from './a/c.ts';`)]),
  ).toEqual([]);
});

test('the layers below the machine touch no clock, timer, process, console or node module', () => {
  expect(banProblems(sources)).toEqual([]);
});

test('the ban rule names the place and the replacement', () => {
  const problems = (code: string): string[] => banProblems([sourceFile('src/state/x.ts', code)]);
  expect(problems(`const t = Date.now();`)[0]).toMatch(/^src\/state\/x\.ts:1 uses Date\.now: read the Scheduler/);
  for (const code of [
    `performance.now()`,
    `new Date()`,
    `setTimeout(f, 1)`,
    `Math.random()`,
    `process.env`,
    `console.log(1)`,
    `import { readFileSync } from 'node:fs'`,
    `import net from 'net'`,
  ]) {
    expect(problems(code), code).toHaveLength(1);
  }
  for (const code of [
    `new Date(5)`,
    `// Date.now()`,
    `const x = 'process.env'`,
    `Math.max(1, 2)`,
    `Buffer.alloc(1)`,
    `a.process.b`,
  ]) {
    expect(problems(code), code).toEqual([]);
  }
  expect(banProblems([sourceFile('src/host/x.ts', `Date.now()`)])).toEqual([]);
});

test('code is made from strings only where our own templates are', () => {
  expect(codegenProblems(sources)).toEqual([]);
  expect(codegenProblems([sourceFile('src/cli/x.ts', `new Function('a', s)`)])).toHaveLength(1);
});

test('neither files nor folders import in a circle', () => {
  expect(cyclesIn(runtimeGraph(sources))).toEqual([]);
  expect(cyclesIn(folderGraph(sources))).toEqual([]);
});

test('the circle rule finds circles of files and of folders, and lets types refer to each other within a folder', () => {
  const circle = [sourceFile('src/a/x.ts', `import '../b/y.ts'`), sourceFile('src/b/y.ts', `import '../a/x.ts'`)];
  expect(cyclesIn(runtimeGraph(circle))).toEqual(['src/a/x.ts -> src/b/y.ts -> src/a/x.ts']);
  expect(cyclesIn(folderGraph(circle))).toEqual(['a -> b -> a']);
  const types = [
    sourceFile('src/a/x.ts', `import type { Y } from './y.ts'`),
    sourceFile('src/a/y.ts', `import './x.ts'`),
  ];
  expect(cyclesIn(runtimeGraph(types))).toEqual([]);
});

test('every source file is reachable from a door or a program', () => {
  const graph = importGraph(sources);
  const alive = reachableFrom(graph, [...Object.values(entries()), ...Object.values(PROGRAMS)]);
  const tests = sources.map(({ path }) => path).filter(isTest);
  const usedByTests = reachableFrom(graph, tests);
  const dead = sources
    .map(({ path }) => path)
    .filter((path) => !isTest(path) && !alive.has(path))
    .filter((path) => !(TEST_HELPER.test(path) && usedByTests.has(path)));
  expect(dead, 'remove these files, or import them from where they are used').toEqual([]);
});

test('no file is too long, and long ones are named', () => {
  const files = sources
    .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
    .filter(({ path }) => !isTest(path));
  for (const { path, lines } of files.filter((file) => file.lines > LONG_FILE_LINES)) {
    console.warn(`${path} has ${lines} lines: is a noun hiding there?`);
  }
  expect(files.filter((file) => file.lines > TOO_LONG_LINES)).toEqual([]);
});
