import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildProgram, folder, run, start, type Folder } from './cli-program.ts';

const EVENTS = 2000;
/** What happens at event 1000: once, or in each life. */
const FLOW = (what: string, { data = "data: 'data'", times = 'once' } = {}): string => `
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { file, flow } from 'daoflow';

const lives = () => (existsSync('lives') ? readFileSync('lives', 'utf8').length : 0);

export default flow('held', { ${data} })
  .from(file('in.ndjson'))
  .map((event) => {
    if (event.n === 1000 && (${times === 'always'} || lives() === 0)) {
      appendFileSync('lives', '|');
      ${what}
    }
    return event;
  })
  .to(file('out.ndjson', { mode: 'overwrite' }));
`;

const POISONED = (what: string): string => `
import { appendFileSync } from 'node:fs';
import { file, flow } from 'daoflow';

export default flow('poisoned', { data: 'data', checkpointEvery: '100ms' })
  .from(file('in.ndjson'))
  .map((event) => {
    if (event.poison) {
      appendFileSync('lives', '|');
      ${what}
    }
    return event;
  })
  .to(file('out.ndjson', { mode: 'overwrite' }));
`;

/** In its first life it begins with 240 MB of its heap of 300 and keeps 28 KB more with each event. */
const LEAKING = `
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { resourceLimits } from 'node:worker_threads';
import { file, flow } from 'daoflow';

appendFileSync('lives', '|');
writeFileSync('young', String(resourceLimits.maxYoungGenerationSizeMb));
const isFirst = readFileSync('lives', 'utf8').length === 1;
const keep = (n) => new Array(3500).fill(n + 0.5);
const kept = isFirst ? Array.from({ length: 8570 }, (_, n) => keep(n)) : [];
export default flow('leaking', { data: 'data' })
  .from(file('in.ndjson'))
  .rateLimit(400, { queue: { events: 50 } })
  .map((event) => {
    if (isFirst) kept.push(keep(event.n));
    return event;
  })
  .to(file('out.ndjson', { mode: 'overwrite' }));
`;

let here: Folder;
beforeAll(buildProgram, 60_000);
beforeEach(() => {
  here = folder();
  here.write('in.ndjson', Array.from({ length: EVENTS }, (_, n) => `{"n":${n}}\n`).join(''));
});
afterEach(() => here.remove());

const written = (): number[] =>
  readFileSync(join(here.path, 'out.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { n: number }).n);
const until = async (isTrue: () => boolean): Promise<void> => {
  for (const deadline = Date.now() + 10_000; !isTrue() && Date.now() < deadline;) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const all = Array.from({ length: EVENTS }, (_, n) => n);

describe('a flow whose thread dies', () => {
  it.each([
    ['holds it in a loop', 'for (;;);', /held its thread for [\d.]+ s \(flow\.mjs:12\)/],
    ['holds it in a regular expression', "/^(a+)+$/.test('a'.repeat(50) + '!');", /held at flow\.mjs:12: .*a\+/],
    ['ends it', 'process.exit(3);', /ended by itself with code 3/],
    ['throws where nobody waits', "setTimeout(() => { throw new Error('stray') });", /stray \(flow\.mjs:12/],
    ['rejects where nobody waits', "void Promise.reject(new Error('uncaught'));", /uncaught \(flow\.mjs:12/],
  ])('goes on in another one from its checkpoint when its code %s', async (_what, code, said) => {
    here.write('flow.mjs', FLOW(code));
    const { stderr, code: exit } = await run(here.path, ['run', 'flow.mjs', '--plain', '--block-timeout', '2500ms']);
    expect(stderr).toMatch(said);
    expect(stderr).toMatch(/a new thread goes on from the last checkpoint, 1 of at most 3/);
    expect(exit).toBe(0);
    expect(written()).toEqual(all);
  });

  it('ends with 1 and says how it could go on, without a data directory', async () => {
    here.write('flow.mjs', FLOW('for (;;);', { data: '' }));
    const { stderr, code } = await run(here.path, ['run', 'flow.mjs', '--plain', '--block-timeout', '1500ms']);
    expect(stderr).toMatch(
      /error the flow's own code has held its thread[\s\S]*fix .*--block-timeout[\s\S]*{ data: 'DIR' }/,
    );
    expect(code).toBe(1);
  });

  it.each([
    ['holds it', 'for (;;);', 2, /held its thread for [\d.]+ s \(flow\.mjs:\d+\)/],
    ['ends it', 'process.exit(3);', 3, /ended by itself with code 3/],
  ])(
    'makes a dead letter of the one event in 100,000 whose code %s each time',
    async (_what, code, deaths, reason) => {
      const [count, poison] = [100_000, 61_234];
      const lines = Array.from({ length: count }, (_, n) =>
        n === poison ? `{"n":${n},"poison":true}\n` : `{"n":${n}}\n`,
      );
      here.write('in.ndjson', lines.join(''));
      here.write('flow.mjs', POISONED(code));
      const args = ['run', 'flow.mjs', '--plain', '--block-timeout', '2500ms', '--strict'];
      const { stderr, code: exit } = await run(here.path, args);
      expect(stderr).toMatch(/its event of file becomes a dead letter, 1 of at most 10/);
      expect(exit).toBe(3);
      expect(written()).toEqual(Array.from({ length: count }, (_, n) => n).filter((n) => n !== poison));
      // One more where what was read last had more than a thousand events behind it: they are looked through in two steps.
      expect([deaths, deaths + 1]).toContain(readFileSync(join(here.path, 'lives'), 'utf8').length);
      const listed = await run(here.path, ['dlq', 'ls', 'data/dead-letters']);
      expect(listed.stdout).toMatch(/thread/);
      const shown = await run(here.path, ['dlq', 'show', 'data/dead-letters', '1']);
      expect(shown.stdout).toMatch(reason);
      expect(shown.stdout).toMatch(/"n": 61234,\s+"poison": true/);
    },
    60_000,
  );

  it('hands over to another one, at a checkpoint of then, before its memory has run out', async () => {
    here.write('in.ndjson', Array.from({ length: 1000 }, (_, n) => `{"n":${n}}\n`).join(''));
    here.write('flow.mjs', LEAKING);
    const args = ['run', 'flow.mjs', '--plain'];
    const { stderr, code } = await start(here.path, args, { NODE_OPTIONS: '--max-old-space-size=300' }).ended;
    expect(stderr).toMatch(/memory of the flow's thread is at \d+(\.\d)? % .* a new thread goes on/);
    expect(stderr).not.toMatch(/ran out of memory/);
    expect(code).toBe(0);
    expect(written()).toEqual(Array.from({ length: 1000 }, (_, n) => n));
    expect(readFileSync(join(here.path, 'lives'), 'utf8')).toBe('||');
    // Larger ones leave the old generation no room on Node 24: it then ends of collections that free little, not of what is kept.
    expect(Number(readFileSync(join(here.path, 'young'), 'utf8'))).toBeLessThanOrEqual(48);
  }, 60_000);

  it('ends with 1 once it has died too often of no event', async () => {
    here.write('in.ndjson', '{"n":0}\n');
    const source = FLOW('', { times: 'never' }).replace("file('in.ndjson')", "file('in.ndjson', { follow: true })");
    here.write('flow.mjs', `${source}\nappendFileSync('lives', '|');\nsetTimeout(() => process.exit(3), 500);`);
    const { stderr, code } = await run(here.path, ['run', 'flow.mjs', '--plain']);
    expect(stderr).toMatch(/it has died too often/);
    expect(code).toBe(1);
    expect(readFileSync(join(here.path, 'lives'), 'utf8')).toBe('||||');
  });

  it('ends with 1 where its source gives nothing again: says what is lost, why no event is set apart, and what would help', async () => {
    here.write(
      'flow.mjs',
      POISONED('process.exit(3);').replace("file('in.ndjson')", 'stdin()').replace('file,', 'file, stdin,'),
    );
    const { child, ended } = start(here.path, ['run', 'flow.mjs', '--plain']);
    let n = 0;
    const feed = setInterval(() => child.stdin.write(`{"n":${n++},"poison":${n % 50 === 0}}\n`), 5);
    const { stderr, code } = await ended;
    clearInterval(feed);
    expect(stderr).toMatch(
      /1 of at most 3 .*; of the \d+ events that stdin gave since then, those that were under way are lost/,
    );
    expect(stderr).toMatch(/fix .*process\.exit[\s\S]*died too often[\s\S]*an event of stdin has no place/);
    expect(code).toBe(1);
    expect(readFileSync(join(here.path, 'lives'), 'utf8')).toBe('||||');
  }, 60_000);

  it('makes a dead letter of an event that came by HTTP, which keeps what it has answered', async () => {
    const source = "http({ port: 0, onListening: ({ port }) => writeFileSync('port', String(port)) })";
    const text = POISONED('process.exit(3);')
      .replace("file('in.ndjson')", source)
      .replace('appendFileSync }', 'appendFileSync, writeFileSync }')
      .replace("from 'daoflow';", "from 'daoflow';\nimport { http } from 'daoflow/http';");
    here.write('flow.mjs', text);
    const { child, ended, saw } = start(here.path, ['run', 'flow.mjs', '--plain']);
    await until(() => existsSync(join(here.path, 'port')));
    const body = Array.from({ length: 300 }, (_, n) => `{"n":${n},"poison":${n === 123}}\n`).join('');
    const { status } = await fetch(`http://127.0.0.1:${readFileSync(join(here.path, 'port'), 'utf8')}/`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect(status).toBe(202);
    await saw(/its event of http becomes a dead letter/);
    await until(() => readFileSync(join(here.path, 'out.ndjson'), 'utf8').split('\n').length === 300);
    child.kill('SIGTERM');
    const { code } = await ended;
    expect(code).toBe(0);
    expect(written()).toEqual(Array.from({ length: 300 }, (_, n) => n).filter((n) => n !== 123));
  }, 60_000);

  it('writes dead letters on where they were', async () => {
    here.write('in.ndjson', `{"n":0}\n{oops\n{"n":1000}\n{oops again\n`);
    here.write('flow.mjs', FLOW('process.exit(3);'));
    const args = ['run', 'flow.mjs', '--plain', '--dead-letters', 'letters.ndjson'];
    expect((await run(here.path, args)).code).toBe(0);
    expect(existsSync(join(here.path, 'letters.ndjson'))).toBe(true);
    expect(readFileSync(join(here.path, 'letters.ndjson'), 'utf8')).toMatch(/oops again/);
    expect(written()).toEqual([0, 1000]);
  });
});
