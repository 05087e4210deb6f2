import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildProgram, folder, run, start, type Folder } from './cli-program.ts';

let here: Folder;

beforeAll(buildProgram, 60_000);
beforeEach(() => {
  here = folder();
});
afterEach(() => here.remove());

/** Doubles numbers from stdin to stdout. */
const DOUBLE = `import { flow, stdin, stdout } from 'daoflow'
interface Row { n: number }
export default flow('double').from<Row>(stdin()).map((row) => ({ n: row.n * 2 })).to(stdout())
`;

/** Never ends by itself; each event says so on the console. */
const ENDLESS = `import { flow, generate } from 'daoflow'
export default flow('endless').from(generate({ rate: 100, make: (i) => i })).to(() => undefined)
`;

/** 4 ms a call and 0.1 ms an event: more than one call at a time can carry. */
const SLOW = `import { flow, generate } from 'daoflow'
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
export default flow('slow', { targets: { latency: { p95: '80ms' } } })
  .from(generate({ rate: 60000, make: (i) => i }))
  .to((rows) => wait(4 + rows.length * 0.1).then(() => undefined), { name: 'db' })
`;

const rows = (count: number): string => Array.from({ length: count }, (_, n) => `{"n":${n}}\n`).join('');
const OURS = /data-plane|jiti|node:internal|dist[\\/]/;

describe('daoflow run', () => {
  it('runs a TypeScript flow over stdin and writes to stdout', async () => {
    here.write('flow.ts', DOUBLE);
    const { code, stdout, stderr } = await run(here.path, ['run', 'flow.ts'], rows(1000));
    expect(stderr).toContain('1,000 events accepted, 1,000 confirmed');
    expect(stdout.trim().split('\n')).toHaveLength(1000);
    expect(stdout.startsWith('{"n":0}\n{"n":2}\n')).toBe(true);
    expect(code).toBe(0);
  });

  it.each(['module', 'commonjs'])('loads .ts and .js flows beside a package.json of type %s', async (type) => {
    here.write('package.json', JSON.stringify({ type }));
    here.write('flow.ts', DOUBLE);
    here.write('plain.js', DOUBLE.replace(/^interface.*\n/m, '').replace('<Row>', ''));
    for (const file of ['flow.ts', 'plain.js']) {
      const { code, stdout } = await run(here.path, ['run', file], rows(2));
      expect([file, code, stdout]).toEqual([file, 0, '{"n":0}\n{"n":2}\n']);
    }
  });

  it('gives the same answer without code generation', async () => {
    here.write('flow.ts', DOUBLE);
    const { code, stdout } = await run(here.path, ['run', 'flow.ts', '--no-codegen'], rows(3));
    expect([code, stdout]).toEqual([0, '{"n":0}\n{"n":2}\n{"n":4}\n']);
  });

  it('says what tuning does as it does it, what it would do with --advise, and nothing with --no-tune', async () => {
    here.write('flow.ts', SLOW);
    const said = async (...options: string[]) =>
      (await run(here.path, ['run', 'flow.ts', '--duration', '3s', ...options])).stderr;
    expect(await said()).toMatch(/^tuning db: .*calls 1 -> 2.*: /m);
    // Neither moves anything, so neither reads what the first one learned.
    expect(await said('--advise')).toMatch(/^tuning advice: db: /m);
    expect(await said('--no-tune')).not.toContain('tuning');
    expect(JSON.parse(readFileSync(join(here.path, '.daoflow', 'flow.learned.json'), 'utf8'))).toMatchObject({
      flow: 'slow',
    });
    here.write('cold.ts', SLOW); // another file: nothing was learned for it
    const { stdout } = await run(here.path, ['run', 'cold.ts', '--duration', '3s', '--json']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; stage?: string });
    expect(lines.filter(({ type }) => type === 'decision')[0]?.stage).toBe('db');
  });

  it('runs over a file and prints one JSON object as its last line with --json', async () => {
    here.write('in.ndjson', rows(5000));
    here.write(
      'flow.ts',
      `import { file, flow, memory } from 'daoflow'
       export default flow('count').from(file('in.ndjson')).to(memory())`,
    );
    const { code, stdout } = await run(here.path, ['run', 'flow.ts', '--json']);
    const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect(last).toMatchObject({ type: 'summary', state: 'done', accepted: 5000, confirmed: 5000, deadLettered: 0 });
    expect(code).toBe(0);
  });

  it('writes malformed lines to a file that only the owner can read, says so, and goes on', async () => {
    here.write('flow.ts', DOUBLE);
    const input = Buffer.concat([
      Buffer.from('{"n":1}\nnot json\n{"n":2}\n'),
      Buffer.from([0x7b, 0xff, 0xfe, 0x0a]),
      Buffer.from('{"n":3}\n'),
    ]);
    const { code, stdout, stderr } = await run(here.path, ['run', 'flow.ts'], input);
    expect(stdout).toBe('{"n":2}\n{"n":4}\n{"n":6}\n');
    expect(code).toBe(0);
    const path = join(here.path, 'flow.dead-letters.ndjson');
    const letters = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(letters.map(({ at, raw, rawBase64 }) => ({ at, raw, rawBase64 }))).toEqual([
      { at: 'decode', raw: 'not json', rawBase64: undefined },
      { at: 'decode', raw: undefined, rawBase64: Buffer.from([0x7b, 0xff, 0xfe]).toString('base64') },
    ]);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(stderr).toContain('2 events could not be processed: see flow.dead-letters.ndjson');
  });

  it('exits with 3 under --strict when there were dead letters, and writes them where it is told', async () => {
    here.write('flow.ts', DOUBLE);
    const { code } = await run(here.path, ['run', 'flow.ts', '--strict', '--dead-letters', 'bad.ndjson'], 'oops\n');
    expect(code).toBe(3);
    expect(existsSync(join(here.path, 'bad.ndjson'))).toBe(true);
    expect(existsSync(join(here.path, 'flow.dead-letters.ndjson'))).toBe(false);
  });

  it('leaves no dead-letter file where there are no dead letters', async () => {
    here.write('flow.ts', DOUBLE);
    await run(here.path, ['run', 'flow.ts'], rows(1));
    expect(existsSync(join(here.path, 'flow.dead-letters.ndjson'))).toBe(false);
  });

  it('shows what the flow prints, apart from the status', async () => {
    here.write('flow.ts', `console.log('hello from the flow')\n${DOUBLE}`);
    const { stdout } = await run(here.path, ['run', 'flow.ts'], '');
    expect(stdout).toBe('hello from the flow\n');
  });
});

describe('daoflow run with a mistake', () => {
  it('names files nearby when there is no such file', async () => {
    here.write('fraud.ts', DOUBLE);
    const { code, stderr } = await run(here.path, ['run', 'fruad.ts']);
    expect(stderr).toBe('error no such file: fruad.ts\nfix   did you mean fraud.ts?\n');
    expect(code).toBe(2);
  });

  it.each([
    [
      'a syntax error, with its line',
      `import { flow } from 'daoflow'\nconst a = \nexport default flow('x'\n`,
      2,
      /syntax error.*\n.*flow\.ts:3/,
    ],
    [
      'a package that is not installed',
      `import { z } from 'zood-not-there/sub'\nexport default z`,
      2,
      /"zood-not-there" is not installed\n.*flow\.ts:1[\s\S]*fix {3}npm install zood-not-there/,
    ],
    [
      'an entry of ours that does not exist',
      `import { http } from 'daoflow/htpp'\nexport default http`,
      2,
      /no "daoflow\/htpp"[\s\S]*fix {3}there are: .*daoflow\/http/,
    ],
    ['a missing default export', `export const x = 1`, 2, /no default export\nfix {3}end the module with/],
    [
      'a flow that is not the default export',
      DOUBLE.replace('export default', 'export const mine ='),
      2,
      /"mine" is a flow: add "export default mine"/,
    ],
    [
      'a flow without a sink',
      `import { flow, stdin } from 'daoflow'\nexport default flow('x').from(stdin()).map((x) => x)`,
      2,
      /stream without an end/,
    ],
    [
      'a wrong declaration, with the place',
      `import { flow } from 'daoflow'\n\nexport default flow('not a name')`,
      2,
      /flow\.name: expected[\s\S]*flow\.ts:3/,
    ],
    [
      'an error of the module itself, with its own line',
      `interface A { b: string }\nfunction f(a: A): never {\n  throw new TypeError('boom ' + a.b)\n}\nexport default f({ b: 'x' })`,
      1,
      /threw while loading: TypeError: boom x\n.*flow\.ts:3:9\n.*throw new TypeError/,
    ],
    [
      'a process.exit() of the flow',
      `process.exit(7)\nexport default 1`,
      1,
      /ended by itself with code 7[\s\S]*fix .*process\.exit/,
    ],
    [
      'a stray error of a timer',
      `${ENDLESS}setTimeout(() => { throw new RangeError('late') }, 50)`,
      1,
      /RangeError: late\n.*flow\.ts:3/,
    ],
  ])('tells %s, and no stack of ours', async (_what, text, code, message) => {
    here.write('flow.ts', text);
    const ended = await run(here.path, ['run', 'flow.ts']);
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toMatch(OURS);
    expect(ended.code).toBe(code);
  });

  it.each([
    [['run', 'flow.ts', '--wat'], /unknown option '--wat'/],
    [['run'], /missing required argument 'flow'/],
    [['rnu'], /unknown command 'rnu'[\s\S]*run/],
    [['run', 'flow.ts', '--duration', 'soon'], /Expected a time above 0/],
    [['run', 'flow.ts', '--json', '--plain'], /cannot be used with/],
    [['demo', '--rate', 'fast'], /Expected events per second/],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stderr } = await run(here.path, args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('fails with 1 and the reason when a source fails', async () => {
    here.write(
      'flow.ts',
      `import { file, flow, memory } from 'daoflow'
       export default flow('x').from(file('not-there.ndjson')).to(memory())`,
    );
    const { code, stderr } = await run(here.path, ['run', 'flow.ts']);
    expect(stderr).toMatch(/^error .*not-there\.ndjson/m);
    expect(stderr).not.toMatch(OURS);
    expect(code).toBe(1);
  });
});

describe.skipIf(process.platform === 'win32')('daoflow run, interrupted', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('drains on %s and exits with 0', async (signal) => {
    here.write('flow.ts', ENDLESS);
    const { child, ended, saw } = start(here.path, ['run', 'flow.ts']);
    await saw(/accepted/);
    child.kill(signal);
    const { code, stderr } = await ended;
    expect(stderr).toMatch(/draining/);
    expect(stderr).toMatch(/endless done in/);
    expect(code).toBe(0);
  });

  it.each([
    ['SIGTERM', 1],
    ['SIGINT', 130],
  ] as const)('stops on a second %s, also while the flow blocks its thread', async (signal, expected) => {
    here.write('flow.ts', ENDLESS.replace('make: (i) => i', 'make: (i) => { if (i > 20) for (;;); return i }'));
    const { child, ended, saw } = start(here.path, ['run', 'flow.ts']);
    await saw(/data plane busy for/);
    child.kill(signal);
    await new Promise((resolve) => setTimeout(resolve, 200)); // two signals at once would count as one
    child.kill(signal);
    const { code, stderr } = await ended;
    expect(stderr).toMatch(/stopped at once/);
    expect(code).toBe(expected);
  });

  it('ends with 0 and in silence when nobody reads stdout any more', async () => {
    here.write(
      'flow.ts',
      `import { flow, generate, stdout } from 'daoflow'
       export default flow('x').from(generate({ rate: 10_000, make: (i) => ({ i }) })).to(stdout())`,
    );
    const { child, ended } = start(here.path, ['run', 'flow.ts']);
    child.stdout.once('data', () => child.stdout.destroy());
    const { code, stderr } = await ended;
    expect(stderr).not.toMatch(/error|EPIPE|broken/i);
    expect(code).toBe(0);
  });

  it('ends by itself after --duration', async () => {
    here.write('flow.ts', ENDLESS);
    const { code, stderr } = await run(here.path, ['run', 'flow.ts', '--duration', '500ms']);
    expect(stderr).toMatch(/endless done in/);
    expect(code).toBe(0);
  });
});
