/** Raw bytes of a source, channel by channel: decoded, and handed on as batches and as records that cannot be read. */

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { codecFor } from '../../codec/codec.ts';
import type { Codec, DecoderOutput } from '../../codec/decoder.ts';
import type { KeyColumn } from '../../event/batch.ts';
import type { ByteChannel, ChannelTotals, Format, Source } from '../../event/source.ts';
import type { Clock } from '../../time/clock.ts';
import type { Entrance } from './entrance.ts';
import { both } from '../stage/target.ts';

/** Records longer than this are dead-lettered, not read. */
const DEFAULT_MAX_EVENT_BYTES = 1024 * 1024;

/** Largest batch cut from one chunk: small enough to yield between batches, large enough to amortise. */
const MAX_BATCH_EVENTS = 1024;

export interface DecodeOptions {
  readonly source: Source<unknown>;
  readonly schema: StandardSchemaV1 | undefined;
  readonly fields: readonly string[] | undefined;
  readonly keyField: string | undefined;
  readonly generateCode: boolean;
}

export class ByteIntake {
  readonly #options: DecodeOptions;
  readonly #clock: Clock;
  readonly #entrance: Entrance;
  readonly #codecs = new Map<Format, Codec>();

  constructor(options: DecodeOptions, clock: Clock, entrance: Entrance) {
    this.#options = options;
    this.#clock = clock;
    this.#entrance = entrance;
  }

  /**
   * @param format - default: the source's own
   * @param base - position of the channel's first byte
   */
  channel(partition: string, format: Format = this.#format(), base = 0): ByteChannel {
    const codec = this.#codec(format);
    const decoder = codec.decoder();
    const { accept, refuse } = this.#entrance;
    let acceptedAt: number | undefined;
    let blocked: undefined | Promise<void>;
    let totals: ChannelTotals = { accepted: 0, invalid: 0 };
    const counted = (accepted: number, refused: number): void => {
      totals = { accepted: totals.accepted + accepted, invalid: totals.invalid + refused };
    };
    const output: DecoderOutput = {
      batch: (events, bytes, endOffset, keyIds, rawOf) => {
        const keys = this.#keyColumn(codec, keyIds);
        const end = base + endOffset;
        blocked = both(blocked, accept(events, keys, bytes, partition, end, acceptedAt, rawOf, counted));
      },
      invalid: (record) => {
        counted(0, 1);
        blocked = both(blocked, refuse(partition, { ...record, offset: base + record.offset }));
      },
    };
    return {
      write: (chunk, at) => {
        blocked = undefined;
        acceptedAt = at ?? this.#clock.now();
        decoder.write(chunk, output);
        return blocked;
      },
      end: (options) => {
        acceptedAt = this.#clock.now();
        decoder.end(output, options?.truncated);
        return totals;
      },
    };
  }

  /** Share of the records that a learned scanner has read; null before the first. */
  learnedRatio(): number | null {
    const stats = [...this.#codecs.values()].map((codec) => codec.stats());
    const records = stats.reduce((sum, { records: n }) => sum + n, 0);
    return records === 0 ? null : stats.reduce((sum, { learned }) => sum + learned, 0) / records;
  }

  #format(): Format {
    const { source } = this.#options;
    return source.kind === 'bytes' ? source.format : 'ndjson';
  }

  #codec(format: Format): Codec {
    const known = this.#codecs.get(format);
    if (known !== undefined) return known;
    const { source, fields, keyField, generateCode, schema } = this.#options;
    const maxRecordBytes = (source.kind === 'bytes' ? source.maxEventBytes : undefined) ?? DEFAULT_MAX_EVENT_BYTES;
    const maxInvalidBytes = source.kind === 'bytes' ? source.maxInvalidBytes : undefined;
    const header = source.kind === 'bytes' ? source.header : undefined;
    const keepRaw = schema !== undefined;
    const codec = codecFor(format, {
      maxRecordBytes,
      maxInvalidBytes,
      maxBatchEvents: MAX_BATCH_EVENTS,
      fields,
      keyField,
      keepRaw,
      header,
      generateCode,
    });
    this.#codecs.set(format, codec);
    return codec;
  }

  #keyColumn(codec: Codec, ids: Int32Array | undefined): KeyColumn | undefined {
    const field = this.#options.keyField;
    return ids === undefined || field === undefined ? undefined : { field, ids, values: codec.keyValues };
  }
}
