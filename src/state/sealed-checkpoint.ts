/**
 * A checkpoint as bytes that tell whether they are whole: 8 bytes `DAOCKPT1`, 32 bytes SHA-256 of what follows, then the
 * checkpoint as the codec writes it.
 */

import type { Checkpoint } from './checkpoint.ts';

/** What turns checkpoints into bytes on this machine. */
export interface CheckpointCodec {
  /** @throws where a value cannot be copied */
  encode(checkpoint: Checkpoint): Uint8Array;
  decode(bytes: Uint8Array): Checkpoint;
  /** SHA-256, 32 bytes. */
  digest(bytes: Uint8Array): Uint8Array;
}

const MAGIC = 'DAOCKPT1';
const DIGEST_BYTES = 32;
const HEADER_BYTES = MAGIC.length + DIGEST_BYTES;

/** @throws where a value cannot be copied */
export function sealed(checkpoint: Checkpoint, codec: CheckpointCodec): Uint8Array {
  const body = codec.encode(checkpoint);
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  bytes.set(new TextEncoder().encode(MAGIC));
  bytes.set(codec.digest(body), MAGIC.length);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** @returns undefined where the bytes are not those that were written */
export function unsealed(bytes: Uint8Array, codec: CheckpointCodec): Checkpoint | undefined {
  const body = bytes.subarray(HEADER_BYTES);
  const isWhole =
    new TextDecoder().decode(bytes.subarray(0, MAGIC.length)) === MAGIC &&
    areEqual(bytes.subarray(MAGIC.length, HEADER_BYTES), codec.digest(body));
  return isWhole ? codec.decode(body) : undefined;
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
