import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildProgram, folder, run, start, type Folder } from './cli-program.ts';

let here: Folder;

beforeAll(buildProgram, 60_000);
beforeEach(() => {
  here = folder();
});
afterEach(() => here.remove());

describe('daoflow', () => {
  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(await run(here.path, ['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([
    [],
    ['--help'],
    ['run', '--help'],
    ['dev', '--help'],
    ['init', '--help'],
    ['demo', '--help'],
    ['match', '--help'],
    ['log', '--help'],
    ['log', 'cat', '--help'],
  ])('helps with %s %s', async (...args) => {
    const { code, stdout } = await run(here.path, args);
    expect(stdout).toContain('Usage: daoflow');
    expect(code).toBe(0);
  });
});

describe('daoflow init', () => {
  it('writes a flow that runs at once, and never overwrites it unasked', async () => {
    const first = await run(here.path, ['init']);
    expect(first.stdout).toMatch(/wrote flow\.ts[\s\S]*npx daoflow run flow\.ts/);
    const { code, stdout } = await run(here.path, ['run', 'flow.ts', '--duration', '2.5']);
    expect(stdout).toMatch(/^\{"shop":"\w+","payments":\d+,"total":\d+\}$/m);
    expect(code).toBe(0);
    const again = await run(here.path, ['init']);
    expect(again.stderr).toMatch(/flow\.ts is there already\nfix .*--force/);
    expect(again.code).toBe(2);
    expect((await run(here.path, ['init', '--force'])).code).toBe(0);
  });

  it('writes into a new folder or to a file', async () => {
    await run(here.path, ['init', 'deep/folder']);
    await run(here.path, ['init', 'mine.ts']);
    expect(readFileSync(join(here.path, 'deep/folder/flow.ts'), 'utf8')).toBe(
      readFileSync(join(here.path, 'mine.ts'), 'utf8'),
    );
  });
});

describe.skipIf(process.platform === 'win32')('daoflow dev', () => {
  it('runs the new flow at a save, and waits when the file is broken', async () => {
    const text = (name: string): string => `import { flow, generate } from 'daoflow'
      console.log('this is ${name}')
      export default flow('${name}').from(generate({ rate: 100, make: (i) => i })).to(() => undefined)`;
    here.write('flow.ts', text('one'));
    const { child, ended, saw } = start(here.path, ['dev', 'flow.ts']);
    await saw(/this is one/);
    await saw(/accepted/);
    here.write('flow.ts', text('two').replace('.to(', '.to(('));
    await saw(/one done in[\s\S]*syntax error[\s\S]*waiting for the next save/);
    here.write('flow.ts', text('three'));
    await saw(/this is three/);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(stderr).toMatch(/three done in/);
    expect(code).toBe(0);
  });
});

describe('daoflow demo', () => {
  it('reports one JSON object a second and a last one', async () => {
    const { code, stdout } = await run(here.path, ['demo', '--json', '--duration', '3', '--rate', '50k']);
    const lines = stdout.trim().split('\n');
    const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(objects.length).toBeGreaterThanOrEqual(3);
    const seconds = objects.slice(0, -1).filter(({ type }) => type !== 'decision' && type !== 'outcome');
    for (const second of seconds) {
      expect(Object.keys(second)).toEqual(expect.arrayContaining(['t', 'rate', 'metrics', 'verdicts']));
    }
    const last = objects.at(-1) as { firstNumberMs: number; accepted: number; confirmed: number; metrics: unknown };
    expect(last).toMatchObject({ type: 'summary', metrics: { throughput: {} } });
    expect(last.firstNumberMs).toBeGreaterThan(0);
    expect(last.confirmed).toBe(last.accepted);
    expect(last.accepted).toBeGreaterThan(50_000);
    expect(code).toBe(0);
  });
});
