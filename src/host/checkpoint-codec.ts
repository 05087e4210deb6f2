import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import type { Checkpoint } from '../state/checkpoint.ts';
import type { CheckpointCodec } from '../state/sealed-checkpoint.ts';

/** Plain data, copied as `structuredClone` would. Only ever read from our own files. */
export const v8Values = {
  encode: (value: unknown): Uint8Array => serialize(value),
  decode: (bytes: Uint8Array): unknown => deserialize(bytes) as unknown,
};

/**
 * V8's own format of structured clones: typed arrays, Map, Set, Date and bigint as they are; newer versions of Node.js
 * read what older ones wrote. Only ever read from our own files, and only when their digest is right.
 */
export const v8Codec: CheckpointCodec = {
  encode: (checkpoint) => serialize(checkpoint),
  decode: (bytes) => deserialize(bytes) as Checkpoint,
  digest: (bytes) => createHash('sha256').update(bytes).digest(),
};
