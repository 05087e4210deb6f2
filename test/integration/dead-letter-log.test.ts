import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { deadLetterLog } from '../../src/connector/dead-letters/log-sink.ts';
import type { DeadLetter } from '../../src/event/dead-letter.ts';
import { sinkContext } from '../contract/sink-contract.ts';

const LETTER: DeadLetter = { flow: 'f', at: 'decode', reason: 'bad', time: 0, partition: 'p', offset: 3 };

it('a dead-letter log that cannot be opened is tried again with the next letter', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'daoflow-letters-'));
  const inTheWay = join(folder, 'data');
  writeFileSync(inTheWay, '');
  const { signal } = new AbortController();
  try {
    const sink = await deadLetterLog(join(inTheWay, 'dead-letters')).open(sinkContext());
    await expect(sink.write([LETTER], { signal })).rejects.toThrow();
    rmSync(inTheWay);
    await sink.write([LETTER], { signal });
    await sink.close?.();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
