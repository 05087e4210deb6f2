import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../event/dead-letter.ts';
import type { SinkContext } from '../../event/sink.ts';
import { VirtualScheduler } from '../../testing/virtual-scheduler.ts';
import { DeadLetterFileSink } from './dead-letter-file.ts';

const letter: DeadLetter = { flow: 'f', at: 'decode', reason: 'bad', time: 0, partition: 'p', offset: 3 };
const options = { signal: new AbortController().signal };

let folder = '';
let notices: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'daoflow-letters-'));
  notices = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function context(): SinkContext {
  return {
    flow: 'f',
    name: 'dead-letters',
    scheduler: new VirtualScheduler(),
    signal: options.signal,
    notice: (_level, message) => notices.push(message),
  };
}

describe('the dead-letter file', () => {
  it('is not there before the first letter, and is announced with it', async () => {
    const sink = new DeadLetterFileSink({ path: join(folder, 'x.ndjson'), isForced: false, isContinued: false });
    const writer = sink.open(context());
    expect(sink.written).toBeNull();
    expect(readdirSync(folder)).toEqual([]);
    await writer.write([letter, letter], options);
    await writer.write([letter], options);
    await writer.close?.();
    expect(readFileSync(join(folder, 'x.ndjson'), 'utf8').trimEnd().split('\n')).toHaveLength(3);
    expect(sink.written).toEqual({ path: join(folder, 'x.ndjson'), count: 3 });
    expect(notices.filter((text) => text.includes('x.ndjson'))).toHaveLength(1);
  });

  it('names the way out when it cannot be written', async () => {
    const writer = new DeadLetterFileSink({
      path: join(folder, 'no', 'such', 'x.ndjson'),
      isForced: false,
      isContinued: false,
    }).open(context());
    await expect(writer.write([letter], options)).rejects.toThrow(/ENOENT.*--dead-letters PATH/);
  });
});
