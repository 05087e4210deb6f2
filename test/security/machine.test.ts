/** Rows S5 to S13 and S16, S18 of docs/security.md: the program as its user runs it, on hostile input. */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { http } from '../../src/connector/http/http.ts';
import { buildProgram, folder, run, start, type Folder } from '../integration/cli-program.ts';

const CANARY = 'canary-5up3r-s3cret';
const COPY = `import { file, flow } from 'daoflow'
export default flow('copy', { data: 'data' }).from(file('in.ndjson')).map((e) => e).to(file('out.ndjson', { mode: 'overwrite' }))`;

let here: Folder;
beforeAll(buildProgram, 60_000);
beforeEach(() => {
  here = folder();
});
afterEach(() => here.remove());

const at = (...names: string[]): string => join(here.path, ...names);
const lines = (name: string): string[] => readFileSync(at(name), 'utf8').trim().split('\n');

describe('S1: the program', () => {
  it('does not start a flow that would listen beyond this machine without a token', async () => {
    here.write(
      'flow.mjs',
      `import { flow, memory } from 'daoflow'; import { http } from 'daoflow/http'
       export default flow('open').from(http({ port: 0, host: '0.0.0.0' })).to(memory())`,
    );
    const { code, stderr } = await run(here.path, ['run', 'flow.mjs']);
    expect(stderr).toMatch(/http\(\)\.host: expected a loopback address.*a token is required/);
    expect(code).toBe(2);
  });
});

describe('S5: no foreign string becomes code', () => {
  const evil = [
    '"];globalThis.hacked=1;["',
    "';globalThis.hacked=1;'",
    '${globalThis.hacked=1}',
    '\u2028globalThis.hacked=1\u2028',
    '*/globalThis.hacked=1/*',
  ];

  it('neither names and values of events, nor keys, with learned code; nor does it need to make any', async () => {
    const event = Object.fromEntries(evil.map((name, i) => [name, evil[(i + 1) % evil.length]]));
    here.write('in.ndjson', Array.from({ length: 5000 }, (_, n) => `${JSON.stringify({ n, ...event })}\n`).join(''));
    here.write(
      'in.csv',
      `${evil.map((name) => `"${name.replaceAll('"', '""')}"`).join(',')}\n${'a,b,c,d,e\n'.repeat(500)}`,
    );
    here.write(
      'flow.mjs',
      `import { file, flow } from 'daoflow'
       let isCode = true
       try { new Function('') } catch { isCode = false }
       process.stderr.write('strings become code: ' + isCode + '\\n')
       export default flow('copy').from(file(process.env.IN))
         .map((e) => (globalThis.hacked === undefined ? e : { hacked: true })).to(file('out.ndjson', { mode: 'overwrite' }))`,
    );
    for (const [input, ...nodeArgs] of [
      ['in.ndjson'],
      ['in.csv'],
      ['in.ndjson', '--disallow-code-generation-from-strings'],
    ] as const) {
      const { ended, child } = start(here.path, ['run', 'flow.mjs', '--plain'], { IN: input }, nodeArgs);
      child.stdin.end();
      const { code, stderr } = await ended;
      expect(code).toBe(0);
      expect(stderr).toContain(`strings become code: ${nodeArgs.length === 0}`);
      const taken = lines('out.ndjson').map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(taken).toHaveLength(input === 'in.csv' ? 500 : 5000);
      expect(taken.some((each) => 'hacked' in each)).toBe(false);
      if (input === 'in.ndjson') expect(taken.at(-1)).toEqual({ n: 4999, ...event });
    }
  });

  it('nor the text of a pattern', async () => {
    const pattern = `PATTERN (a b) DEFINE a AS "x'];process.exit(66)//" = 1, b AS y = 'z''];process.exit(66)//'`;
    const { code } = await run(here.path, ['match', '--pattern', pattern], `{"x":1}\n{"y":2}\n`);
    expect(code).not.toBe(66);
    const { code: other } = await run(
      here.path,
      ['match', '--pattern', 'PATTERN (a) DEFINE a AS process.exit(66) = 1'],
      '{}\n',
    );
    expect(other).toBe(2);
  });
});

describe('S6: regular expressions', () => {
  it('come from the code of flows only: no pattern, filter or option takes one as text', async () => {
    const tries = [`a AS name REGEXP '(a+)+$'`, `a AS name LIKE '%a%a%a%a%'`, `a AS name ~ '(a+)+$'`];
    for (const define of tries) {
      const { code } = await run(
        here.path,
        ['match', '--pattern', `PATTERN (a) DEFINE ${define}`],
        '{"name":"aaaa"}\n',
      );
      expect(code).toBe(2);
    }
  });

  it('of our own take a time that grows with the text only: a pattern of 20,000 characters', async () => {
    for (const evil of ['('.repeat(20_000), 'a '.repeat(10_000), `'${"''".repeat(10_000)}`, '{1,'.repeat(6000)]) {
      const began = performance.now();
      const { code } = await run(here.path, ['match', '--pattern', `PATTERN (${evil}) DEFINE a AS x = 1`], '{}\n');
      expect([0, 2]).toContain(code);
      expect(performance.now() - began).toBeLessThan(10_000);
    }
  });
});

describe('S7: names that objects have already', () => {
  const HOSTILE =
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":"x","":1,"a\\u0000":2,"n":1}';

  it('are names like any other, in NDJSON and in CSV, and as keys', async () => {
    here.write('in.ndjson', `${HOSTILE}\n`.repeat(2000));
    here.write('in.csv', '__proto__,constructor,toString,n\na,b,c,1\n');
    here.write(
      'flow.mjs',
      `import { count, file, flow, tumbling } from 'daoflow'
       const keys = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '', '\\0']
       export default flow('hostile').from(file(process.env.IN))
         .map((e, i) => ({ ...e, polluted: ({}).polluted ?? 'no' }))
         .keyBy((e) => keys[Math.floor(Math.random() * keys.length)])
         .scan((before, e) => ({ n: before.n + 1, e }), { n: 0 })
         .map(({ n, e }) => ({ n, e, polluted: ({}).polluted ?? 'no' }))
         .to(file('out.ndjson', { mode: 'overwrite' }))`,
    );
    for (const [input, count] of [
      ['in.ndjson', 2000],
      ['in.csv', 1],
    ] as const) {
      const { ended, child } = start(here.path, ['run', 'flow.mjs', '--plain'], { IN: input });
      child.stdin.end();
      expect((await ended).code).toBe(0);
      expect(lines('out.ndjson')).toHaveLength(count);
      expect(lines('out.ndjson').every((line) => line.includes('"polluted":"no"'))).toBe(true);
    }
  });
});

describe('S8: what JSON can hold', () => {
  it('never ends a run: each is an event, or a dead letter with its bytes', async () => {
    const deep = (depth: number): string => `{"n":${'['.repeat(depth)}1${']'.repeat(depth)}}`;
    const good = [
      '{"n":1}',
      '{"n":1e400}',
      '{"n":-0}',
      '{"n":123456789012345678901234567890}',
      '{"n":"\\ud800"}',
      deep(900),
      '{"n":2}',
    ];
    const bad = [
      deep(10_000),
      deep(300_000),
      '{"n":NaN}',
      '{"n":01}',
      "{'n':1}",
      '{"n":1',
      '\u0000',
      '[',
      '{"n":"\\x41"}',
    ];
    here.write(
      'in.ndjson',
      Buffer.concat([Buffer.from(`${[...good, ...bad].join('\n')}\n`), Buffer.from([0xff, 0xfe, 10])]),
    );
    here.write('flow.mjs', COPY);
    const { code } = await run(here.path, ['run', 'flow.mjs', '--plain']);
    expect(code).toBe(0);
    expect(lines('out.ndjson')).toHaveLength(good.length);
    const { stderr } = await run(here.path, ['dlq', 'ls', 'data']);
    expect(stderr).toMatch(new RegExp(`^${bad.length + 1} dead letters`));
  });

  it('nor does an event that JSON cannot hold: it alone is a dead letter', async () => {
    here.write('in.ndjson', '{"n":1}\n{"n":2}\n{"n":3}\n');
    here.write('flow.mjs', COPY.replace('(e) => e', '(e) => (e.n === 2 ? { n: 2n } : e)'));
    expect((await run(here.path, ['run', 'flow.mjs', '--plain'])).code).toBe(0);
    expect(lines('out.ndjson')).toEqual(['{"n":1}', '{"n":3}']);
  });
});

describe('S9: secrets', () => {
  it('are in no output: neither when a target is away, nor in dead letters, nor in figures', async () => {
    const busy = createServer((call, answer) => {
      call.resume();
      answer.writeHead(422).end(`no: Bearer ${CANARY} and {"password":"${CANARY}"}`);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => busy.once('listening', resolve));
    const { port } = busy.address() as { port: number };
    here.write('in.ndjson', `{"n":1,"password":"${CANARY}"}\n{"password":"${CANARY}",oops\n`);
    here.write(
      'flow.mjs',
      `import { file, flow } from 'daoflow'; import { http } from 'daoflow/http'
       const url = 'http://me:${CANARY}@127.0.0.1:${port}/in?key=${CANARY}'
       const headers = { 'x-api-key': '${CANARY}' }
       export default flow('s', { data: 'data' }).from(file('in.ndjson')).to(http({ url, headers }), { tries: 1 })`,
    );
    for (const how of ['--plain', '--json']) {
      const { stdout, stderr } = await run(here.path, ['run', 'flow.mjs', how]);
      expect(stdout + stderr).not.toContain(CANARY);
    }
    for (const command of [
      ['dlq', 'ls', 'data'],
      ['dlq', 'show', 'data', '1'],
      ['dlq', 'show', 'data', '2'],
    ]) {
      const { stdout, stderr } = await run(here.path, command);
      expect(stdout + stderr).not.toContain(CANARY);
    }
    busy.close();
  });

  it('are in no message about a wrong declaration', () => {
    const tries = [
      () => http({ url: `htp://me:${CANARY}@example.org` }),
      () => http({ url: 'http://example.org', token: `${CANARY}\n` }),
      () => http({ url: 'http://example.org', headers: { 'x-key': `${CANARY}\n` } }),
      () => http({ port: 0, token: `${CANARY} ${CANARY}` }),
    ];
    for (const make of tries) {
      expect(make).toThrow(/expected/);
      expect(make).not.toThrow(CANARY);
    }
  });
});

describe('S11: paths', () => {
  it.each(['../../evil', '/etc/evil', 'a/b', '..', '.hidden', 'a\0b', 'x'.repeat(300), ''])(
    'are never made of a name such as %j',
    (name) => {
      expect(() => http({ port: 0, name })).toThrow(/http\(\)\.name: expected up to 64 letters/);
      expect(() => http({ url: 'http://example.org', name })).toThrow(/http\(\)\.name/);
    },
  );

  it.skipIf(process.platform === 'win32')(
    'of dead letters are not followed through a link that nobody named',
    async () => {
      here.write('mine.txt', 'precious');
      symlinkSync(at('mine.txt'), at('flow.dead-letters.ndjson'));
      here.write('in.ndjson', 'oops\n');
      here.write('flow.mjs', COPY.replace(", { data: 'data' }", ''));
      const { code, stderr } = await run(here.path, ['run', 'flow.mjs', '--plain']);
      expect(stderr).toMatch(/cannot write .*ELOOP/);
      expect(code).toBe(1);
      expect(readFileSync(at('mine.txt'), 'utf8')).toBe('precious');
    },
  );
});

describe('S12: control characters from outside', () => {
  it('do not reach the terminal', async () => {
    here.write('in.ndjson', '{"n":\u001b]52;c;aGk=\u0007\u001b[2J\u009b31m}\n');
    here.write('flow.mjs', COPY);
    const { stderr } = await run(here.path, ['run', 'flow.mjs', '--plain', '--dead-letters', 'letters.ndjson']);
    expect(stderr).toMatch(/cannot be processed/);
    const again = await run(here.path, ['run', 'flow.mjs', '--plain', '--dead-letters', 'letters.ndjson']);
    here.write('thrown.mjs', `throw new Error('evil \\u001b[2J \\u0007')`);
    const thrown = await run(here.path, ['run', 'thrown.mjs']);
    for (const { stdout, stderr: said } of [{ stdout: '', stderr }, again, thrown]) {
      expect(stdout + said).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    }
  });
});

describe.skipIf(process.platform === 'win32')('S18: files', () => {
  it("that hold events are their user's alone", async () => {
    here.write('in.ndjson', '{"n":1}\noops\n');
    here.write('flow.mjs', COPY);
    expect((await run(here.path, ['run', 'flow.mjs', '--plain'])).code).toBe(0);
    writeFileSync(at('letters.ndjson'), 'old');
    chmodSync(at('letters.ndjson'), 0o644);
    here.write('other.mjs', COPY.replace("'data'", "'data2'"));
    await run(here.path, ['run', 'other.mjs', '--plain', '--dead-letters', 'letters.ndjson']);
    const held = readdirSync(at('data'), { recursive: true, encoding: 'utf8' }).map((name) => join('data', name));
    expect(held.length).toBeGreaterThan(2);
    for (const path of ['data', 'letters.ndjson', ...held])
      expect([path, statSync(at(path)).mode & 0o077]).toEqual([path, 0]);
  });

  it('are not put where everybody may write', async () => {
    mkdirSync(at('data'));
    chmodSync(at('data'), 0o777);
    here.write('in.ndjson', '{"n":1}\n');
    here.write('flow.mjs', COPY);
    const { code, stderr } = await run(here.path, ['run', 'flow.mjs', '--plain']);
    expect(stderr).toMatch(/everybody may write to .*chmod o-w/);
    expect(code).toBe(1);
    expect(existsSync(at('out.ndjson'))).toBe(false);
  });

  it('of one run are not those of another', async () => {
    here.write(
      'flow.mjs',
      `import { flow, generate, memory } from 'daoflow'
      export default flow('held', { data: 'data' }).from(generate({ rate: 100, make: (i) => i })).to(memory())`,
    );
    const first = start(here.path, ['run', 'flow.mjs', '--plain']);
    await first.saw(/accepted/);
    const second = await run(here.path, ['run', 'flow.mjs', '--plain']);
    first.child.kill('SIGTERM');
    expect(second.stderr).toMatch(/held by process \d+|process \d+/);
    expect(second.code).toBe(1);
    expect((await first.ended).code).toBe(0);
  });
});

describe('S13: the inspector', () => {
  it('is never opened: looking into a held thread opens no port', async () => {
    here.write('in.ndjson', '{"n":1}\n');
    here.write('flow.mjs', COPY.replace('(e) => e', '(e) => { for (;;); }'));
    const held = start(here.path, ['run', 'flow.mjs', '--plain', '--block-timeout', '20']);
    await held.saw(/held at flow\.mjs/);
    const { stdout } = spawnSync('cat', [`/proc/${held.child.pid}/net/tcp`], { encoding: 'utf8' });
    held.child.kill('SIGKILL');
    await held.ended;
    expect(stdout).not.toMatch(/:240D /i); // 9229
  });
});
