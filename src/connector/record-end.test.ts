import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeOutput } from '../../test/contract/source-harness.ts';
import { RecordEnd } from './record-end.ts';

describe('RecordEnd', () => {
  it('hands over whole records only, wherever the bytes are cut and the end comes', () => {
    const text = Array.from({ length: 20 }, (_, id) => `{"id":${id}}\n`).join('');
    const cuts = fc.array(fc.integer({ min: 1, max: text.length - 1 }), { maxLength: 8 });
    fc.assert(
      fc.property(cuts, fc.nat(8), (at, stopAfter) => {
        const output = new FakeOutput();
        const record = new RecordEnd(output.channel('p'), 'ndjson');
        const edges = [0, ...[...at].sort((a, b) => a - b), text.length];
        const chunks = edges.slice(1).map((end, i) => Buffer.from(text.slice(edges[i], end)));
        for (const [i, chunk] of chunks.entries()) {
          if (i < stopAfter) void record.write(chunk);
          else if (record.finish(chunk)) break;
        }
        record.end('stopped');
        expect(output.truncated).toEqual([]);
        expect(output.invalid).toBe(0);
        expect(output.events).toEqual(output.events.map((_, id) => ({ id })));
      }),
    );
  });

  it('reports a record that has no end, once', () => {
    const output = new FakeOutput();
    const record = new RecordEnd(output.channel('p'), 'ndjson');
    void record.write(Buffer.from('{"id":1}\n{"id"'));
    expect(record.end('stopped')).toEqual({ accepted: 1, invalid: 1 });
    expect(record.end('again')).toBeUndefined();
    expect(output.truncated).toEqual(['stopped']);
  });

  it('takes a JSON document for one record, whatever line ends it has', () => {
    const output = new FakeOutput();
    const record = new RecordEnd(output.channel('p', 'json'), 'json');
    void record.write(Buffer.from('[{"id":1},\n'));
    expect(record.isBetween).toBe(false);
    record.end('stopped');
    expect(output.truncated).toEqual(['stopped']);
  });
});
