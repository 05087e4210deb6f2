import { describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../event/dead-letter.ts';
import { letterFrom, letterJson } from './letter-json.ts';

const letter: DeadLetter = { flow: 'f', at: 'decode', reason: 'bad', time: 0, partition: 'p', offset: 3 };

describe('a letter as JSON', () => {
  it('keeps bytes that are UTF-8 as text and others as base64', () => {
    expect(JSON.parse(letterJson({ ...letter, raw: Buffer.from('{"ä"') }))).toMatchObject({ raw: '{"ä"' });
    const binary = JSON.parse(letterJson({ ...letter, raw: Uint8Array.of(255, 0) })) as Record<string, unknown>;
    expect(binary['rawBase64']).toBe('/wA=');
    expect(binary['raw']).toBeUndefined();
  });

  it('keeps bytes that are long as base64, since text may take six times as much', () => {
    const raw = Buffer.alloc(5_000_000);
    const json = letterJson({ ...letter, raw });
    expect(json.length).toBeLessThan(7_000_000);
    expect(Buffer.compare(letterFrom(json).raw ?? Buffer.alloc(0), raw)).toBe(0);
  });

  it('takes events that JSON does not know', () => {
    expect(JSON.parse(letterJson({ ...letter, event: { n: 5n } }))).toMatchObject({ event: { n: '5' } });
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(JSON.parse(letterJson({ ...letter, event: cycle }))).toMatchObject({ reason: 'bad' });
  });

  it('comes back as it was', () => {
    for (const each of [letter, { ...letter, raw: Buffer.from('ä') }, { ...letter, raw: Buffer.from([255, 0]) }]) {
      expect(letterFrom(letterJson(each))).toEqual(each);
    }
    expect(letterFrom(letterJson({ ...letter, event: { id: 1 } }))).toEqual({ ...letter, event: { id: 1 } });
  });
});
