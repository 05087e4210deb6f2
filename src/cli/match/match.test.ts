import { Readable } from 'node:stream';
import pc from 'picocolors';
import { expect, test } from 'vitest';
import { match } from './match.ts';

const logins = [
  { user: 'x', ok: false, ts: 1 },
  { user: 'y', ok: true, ts: 2 },
  { user: 'x', ok: false, ts: 3 },
  { user: 'x', ok: true, ts: 4 },
].map((event) => JSON.stringify(event));

const brute = 'PARTITION BY user ORDER BY ts PATTERN (fail{2} ok) WITHIN 10 DEFINE fail AS ok = FALSE, ok AS ok = TRUE';

async function matched(
  pattern: string,
  lines: readonly string[],
  more: object = {},
  isColored = false,
): Promise<{ out: string; err: string; code: number }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await match(
    undefined,
    { pattern, ...more },
    {
      stdin: Readable.from(lines.map((line) => `${line}\n`)),
      stdout: { write: (text) => out.push(String(text)) },
      stderr: { write: (text) => err.push(String(text)) },
      colors: pc.createColors(isColored),
    },
  );
  return { out: out.join(''), err: err.join(''), code };
}

test('prints each match with its events, by key and in the order of its lines', async () => {
  expect(await matched(brute, logins)).toEqual({
    out: `match 1  x
  fail  line 1  {"user":"x","ok":false,"ts":1}
  fail  line 3  {"user":"x","ok":false,"ts":3}
  ok    line 4  {"user":"x","ok":true,"ts":4}
`,
    err: '1 match in 4 events\n',
    code: 0,
  });
});

test('steps have colours, and what the pattern asks is bright', async () => {
  const { out } = await matched(brute, logins, {}, true);
  const { cyan, dim } = pc.createColors(true);
  expect(out).toContain(`${cyan('fail')}  ${dim('line 1')}`);
  expect(out).toContain(cyan('"ok":false'));
  expect(out).toContain(dim('"user":"x"'));
});

test('measures and JSON are for programs', async () => {
  const measured = brute.replace('PATTERN', 'MEASURES COUNT(fail.*) AS tries PATTERN');
  expect((await matched(measured, logins)).out).toContain('match 1  x  {"tries":2}');
  const { out } = await matched(measured, logins, { json: true });
  expect(JSON.parse(out)).toMatchObject({
    key: 'x',
    value: { tries: 2 },
    events: [
      ['fail', { line: 1 }],
      ['fail', { line: 3 }],
      ['ok', { line: 4 }],
    ],
  });
});

test('lines that are no events, or are too late, are left out and named', async () => {
  const { err } = await matched(brute, ['{', ...logins, '{"user":"x","ok":true,"ts":1}', '{"user":"x"}']);
  expect(err).toBe(`line 1 is left out: not a JSON object
line 6 is left out: earlier than a line before it
line 7 is left out: no time in its field ts
1 match in 4 events, 3 lines left out
`);
});

test('a field that no event has is named, when all have been read', async () => {
  const slips = 'PARTITION BY usr PATTERN (a -> b) DEFINE a AS okk = FALSE, b AS ok = TRUE AND ts > LAST(a.tss)';
  expect((await matched(slips, logins)).err).toBe(
    '0 matches in 4 events\nno event has "usr", "okk", "tss", which the pattern asks for; the last one has user, ok, ts\n',
  );
  // One that only some have is there.
  const { err } = await matched('PATTERN (a) DEFINE a AS note = 1', [...logins, '{"note":1}']);
  expect(err).toBe('1 match in 5 events\n');
});

test('explains how the pattern is matched', async () => {
  const { out } = await matched(brute, [], { explain: true });
  expect(out).toContain('skip strategy pastLast');
  expect(out).toContain('flowchart');
});

test('a text that is no pattern is refused with its place, a file that is not there by name', async () => {
  await expect(matched('PATTERN (a', [])).rejects.toThrow(/^line 1, column/);
  const nowhere = {
    stdin: Readable.from([]),
    stdout: { write: () => 0 },
    stderr: { write: () => 0 },
    colors: pc.createColors(false),
  };
  await expect(match('/no/such/file', { pattern: brute }, nowhere)).rejects.toThrow('cannot read /no/such/file');
});
