import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { file } from '../../src/connector/file/file.ts';
import type { FileOptions } from '../../src/connector/file/settings.ts';
import { ConfigError, ConnectorError } from '../../src/errors/errors.ts';
import { sinkContext } from '../contract/sink-contract.ts';
import { fakeContext, FakeOutput, runSource, until } from '../contract/source-harness.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'daoflow-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const lines = (first: number, count: number): string =>
  Array.from({ length: count }, (_, i) => `{"id":${first + i}}\n`).join('');
const ids = (output: FakeOutput): number[] => output.events.map((event) => (event as { id: number }).id);
const range = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);
const signal = new AbortController().signal;
const isRoot = process.getuid?.() === 0;

async function read(path: string | string[], options: FileOptions = {}): Promise<FakeOutput> {
  const output = new FakeOutput();
  await runSource(file(path, options), output, fakeContext());
  return output;
}

describe('file as a source', () => {
  it('reads what a pattern matches in sorted order, each file as a partition', async () => {
    mkdirSync(at('b/c'), { recursive: true });
    writeFileSync(at('z.ndjson'), lines(30, 2));
    writeFileSync(at('a.jsonl'), lines(0, 2));
    writeFileSync(at('b/c/x.ndjson'), lines(20, 2));
    writeFileSync(at('b/notes.txt'), 'no');
    const output = await read(at('**/*.{ndjson,jsonl}'));
    expect(ids(output)).toEqual([0, 1, 20, 21, 30, 31]);
    expect(output.endedPartitions).toEqual([at('a.jsonl'), at('b/c/x.ndjson'), at('z.ndjson')]);
  });

  it('names the missing file, and reads nothing before it knows', async () => {
    writeFileSync(at('a.ndjson'), lines(0, 3));
    const output = new FakeOutput();
    const run = runSource(file([at('a.ndjson'), at('b.ndjson')]), output, fakeContext());
    await expect(run).rejects.toThrow(/cannot read .*b\.ndjson\. It does not exist: check the path/);
    expect(output.writes).toBe(0);
  });

  it('says so when a pattern matches nothing, and when a path is a directory', async () => {
    await expect(read(at('*.ndjson'))).rejects.toThrow(/no file matches/);
    mkdirSync(at('d.ndjson'));
    await expect(read(at('d.ndjson'))).rejects.toThrow(/is a directory/);
  });

  it('names the file that may not be read', async ({ skip }) => {
    skip(isRoot, 'root may read every file');
    skip(process.platform === 'win32', 'Windows has no such permission bits');
    writeFileSync(at('a.ndjson'), lines(0, 1));
    chmodSync(at('a.ndjson'), 0);
    await expect(read(at('a.ndjson'))).rejects.toThrow(/Permission denied/);
  });

  it('reads gzip of several members, whatever the name', async () => {
    writeFileSync(at('a.ndjson'), Buffer.concat([gzipSync(lines(0, 5000)), gzipSync(lines(5000, 5000))]));
    expect(ids(await read(at('a.ndjson')))).toEqual(range(0, 10_000));
  });

  it('hands over all that a truncated gzip holds, then the other files, then fails with the name', async () => {
    const random = Array.from({ length: 20_000 }, (_, id) => `{"id":${id},"x":${(id * 7919) % 10_007}}\n`).join('');
    const whole = gzipSync(random);
    writeFileSync(at('a.ndjson.gz'), whole.subarray(0, whole.length - 2000));
    writeFileSync(at('b.ndjson'), lines(100_000, 2));
    const output = new FakeOutput();
    const run = runSource(file(at('*')), output, fakeContext());
    await expect(run).rejects.toThrow(/a\.ndjson\.gz: the gzip data ends early: the file is truncated/);
    const read = ids(output);
    expect(read.slice(-2)).toEqual([100_000, 100_001]);
    expect(read.length).toBeGreaterThan(15_000);
    expect(read.slice(0, -2)).toEqual(range(0, read.length - 2));
    expect(output.truncated).toHaveLength(1);
  });

  it('fails on damaged gzip data after what could be read', async () => {
    const whole = gzipSync(lines(0, 50_000));
    whole.fill(0xff, whole.length >> 1, (whole.length >> 1) + 64);
    writeFileSync(at('a.ndjson.gz'), whole);
    await expect(read(at('a.ndjson.gz'))).rejects.toThrow(/damaged|ends early/);
  });

  it.each([2, 50_000])('hands over all %i events of gzip data with a wrong checksum, then fails', async (count) => {
    const whole = gzipSync(lines(0, count));
    whole.writeUInt8(whole.readUInt8(whole.length - 8) ^ 1, whole.length - 8);
    writeFileSync(at('a.ndjson.gz'), whole);
    const output = new FakeOutput();
    await expect(runSource(file(at('*')), output, fakeContext())).rejects.toThrow(/damaged \(incorrect data check\)/);
    expect(ids(output)).toEqual(range(0, count));
  });

  it('gives the last record without a line end too', async () => {
    writeFileSync(at('a.ndjson'), '{"id":1}\n{"id":2}');
    expect(ids(await read(at('a.ndjson')))).toEqual([1, 2]);
  });

  it('stops at the end of the open record when aborted, however long that is', async () => {
    const long = `{"id":1,"x":"${'y'.repeat(600_000)}"}\n`;
    writeFileSync(at('a.ndjson'), `{"id":0}\n${long}${lines(2, 100_000)}`);
    const output = new FakeOutput();
    const context = fakeContext();
    output.hold();
    const run = runSource(file(at('a.ndjson')), output, context);
    await until(() => output.writes === 1, 'the first chunk');
    context.abort();
    output.release();
    await run;
    expect(ids(output)).toEqual([0, 1]);
    expect(output.invalid).toBe(0);
  });
});

describe('file that is followed', () => {
  async function follow(options: FileOptions, during: (output: FakeOutput) => Promise<void>): Promise<FakeOutput> {
    const output = new FakeOutput();
    const context = fakeContext();
    const run = runSource(file(at('a.ndjson'), { follow: true, poll: 2, ...options }), output, context);
    await during(output);
    context.abort();
    await run;
    return output;
  }

  it('gives what is appended, over rotation and truncation, once each', async () => {
    writeFileSync(at('a.ndjson'), lines(0, 2));
    const output = await follow({}, async (seen) => {
      await until(() => seen.events.length === 2, 'what was there');
      appendFileSync(at('a.ndjson'), lines(2, 2));
      await until(() => seen.events.length === 4, 'what was appended');
      renameSync(at('a.ndjson'), at('a.1.ndjson'));
      appendFileSync(at('a.1.ndjson'), lines(4, 1));
      writeFileSync(at('a.ndjson'), lines(5, 2));
      await until(() => seen.events.length === 7, 'the old tail and the new file');
      truncateSync(at('a.ndjson'), 0);
      await new Promise((resolve) => setTimeout(resolve, 50)); // a truncation is seen at a poll
      appendFileSync(at('a.ndjson'), lines(7, 1));
      await until(() => seen.events.length === 8, 'what came after the truncation');
    });
    expect(ids(output)).toEqual(range(0, 8));
    expect(output.openChannels).toBe(0);
  });

  it('begins with the next whole record when it follows from the end', async () => {
    writeFileSync(at('a.ndjson'), `${lines(0, 3)}{"id":`);
    const output = await follow({ from: 'end' }, async (seen) => {
      await until(() => seen.openChannels === 1, 'the end was found');
      appendFileSync(at('a.ndjson'), '3}\n');
      await until(() => seen.events.length === 1, 'the record completed');
    });
    expect(ids(output)).toEqual([3]);
  });

  it('refuses a compressed file', async () => {
    writeFileSync(at('a.ndjson'), gzipSync('{}\n'));
    await expect(read(at('a.ndjson'), { follow: true })).rejects.toThrow(/is compressed/);
  });
});

describe('file as a sink', () => {
  async function write(name: string, batches: readonly object[][], options: FileOptions = {}): Promise<void> {
    const writer = await file(at(name), options).open(sinkContext());
    for (const batch of batches) await writer.write(batch, { signal });
    await writer.close?.();
  }

  it('appends, overwrites or refuses, as asked', async () => {
    await write('o.ndjson', [[{ a: 1 }]]);
    await write('o.ndjson', [[{ a: 2 }]]);
    expect(readFileSync(at('o.ndjson'), 'utf8')).toBe('{"a":1}\n{"a":2}\n');
    await write('o.ndjson', [[{ a: 3 }]], { mode: 'overwrite' });
    expect(readFileSync(at('o.ndjson'), 'utf8')).toBe('{"a":3}\n');
    await expect(write('o.ndjson', [], { mode: 'fail-if-exists' })).rejects.toThrow(/exists already/);
  });

  it('begins on a new line behind a record that was left torn', async () => {
    writeFileSync(at('o.ndjson'), '{"a":1}\n{"a"');
    await write('o.ndjson', [[{ a: 2 }]]);
    expect(readFileSync(at('o.ndjson'), 'utf8')).toBe('{"a":1}\n{"a"\n{"a":2}\n');
  });

  it('writes the CSV header once, also over two runs', async () => {
    await write('o.csv', [[{ a: 1, b: 'x,"y"' }], [{ a: 2 }]]);
    await write('o.csv', [[{ a: 3, b: 'z' }]]);
    expect(readFileSync(at('o.csv'), 'utf8')).toBe('a,b\n1,"x,""y"""\n2,\n3,z\n');
  });

  it('keeps as many full files as asked, the newest', async () => {
    const row = { text: 'x'.repeat(600) };
    await write('o.ndjson', [[row], [row], [row], [row], [row]], { rotate: { bytes: 1024, keep: 2 } });
    expect(readdirSync(folder).sort()).toEqual(['o-000003.ndjson', 'o-000004.ndjson', 'o.ndjson']);
  });

  it('fails at open with the fix when it cannot write', async () => {
    await expect(write('no/such/o.ndjson', [])).rejects.toThrow(/does not exist/);
    mkdirSync(at('d.ndjson'));
    await expect(write('d.ndjson', [])).rejects.toThrow(/is a directory/);
  });

  it('says that the disk is full, and that trying again may help', async ({ skip }) => {
    skip(process.platform !== 'linux', 'only Linux has /dev/full');
    const writer = await file('/dev/full', { format: 'ndjson' }).open(sinkContext());
    const error = await Promise.resolve(writer.write([{ a: 1 }], { signal })).catch((thrown: unknown) => thrown);
    await writer.close?.();
    expect(error).toBeInstanceOf(ConnectorError);
    expect(error).toMatchObject({ retryable: true, message: expect.stringContaining('disk is full') as string });
  });

  it('gives a new file the permissions that were asked for', async ({ skip }) => {
    skip(process.platform === 'win32', 'Windows has no such permission bits');
    await write('o.ndjson', [[{}]], { permissions: 0o600 });
    expect(statSync(at('o.ndjson')).mode & 0o777).toBe(0o600);
  });

  it('refuses patterns, several paths and a JSON document', async () => {
    const open = async (path: string | string[]): Promise<unknown> => file(path).open(sinkContext());
    await expect(open('*.ndjson')).rejects.toBeInstanceOf(ConfigError);
    await expect(open(['a.ndjson', 'b.ndjson'])).rejects.toBeInstanceOf(ConfigError);
    await expect(open('a.json')).rejects.toBeInstanceOf(ConfigError);
  });
});

describe('file options', () => {
  it('are refused at once when they make no sense', () => {
    expect(() => file('a.bin')).toThrow(ConfigError);
    expect(() => file([])).toThrow(ConfigError);
    expect(() => file('a.json', { follow: true })).toThrow(ConfigError);
    expect(() => file('a.ndjson', { from: 'end' })).toThrow(ConfigError);
    expect(() => file('a.ndjson', { fllow: true } as FileOptions)).toThrow(/fllow/);
    expect(() => file('a.ndjson', { rotate: {} })).toThrow(ConfigError);
  });
});
