import { describe, expect, it } from 'vitest';
import { sinkContext } from '../../../test/contract/sink-contract.ts';
import { ConfigError, ConnectorError } from '../../errors/errors.ts';
import { callback, memory } from './memory.ts';

const signal = new AbortController().signal;

describe('memory', () => {
  it('refuses a batch beyond its bound whole, and keeps what it has', async () => {
    const sink = memory<number>({ maxEvents: 3 });
    const writer = await sink.open(sinkContext());
    await writer.write([1, 2], { signal });
    expect(() => writer.write([3, 4], { signal })).toThrow(ConnectorError);
    expect(sink.events).toEqual([1, 2]);
  });

  it('refuses bounds that make no sense', () => {
    expect(() => memory({ maxEvents: 0 })).toThrow(ConfigError);
    expect(() => callback(undefined as never)).toThrow(ConfigError);
    expect(() => callback(() => undefined, { maxBatch: 0 })).toThrow(ConfigError);
  });
});
