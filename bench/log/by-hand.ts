/**
 * The disk without a store: as many bytes as the log's records have, into new files of 64 MB, durable when a write returns
 * (`O_DSYNC`), and nothing encoded, checked or remembered. What it reaches is what the disk and Node leave for a store.
 */

import { randomFillSync } from 'node:crypto';
import { closeSync, constants, openSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { EVENT_BYTES, type Contestant } from './contestant.ts';

/** An event with the header of its record. */
const RECORD_BYTES = EVENT_BYTES + 24;
const FILE_BYTES = 64 * 2 ** 20;
/** `O_DIRECT` wants whole blocks. */
const BLOCK_BYTES = 4096;
/** What is written, again and again. */
const SOURCE_BYTES = 16 * 2 ** 20;

/** As the log writes, and past the page cache, which is the most that the disk was seen to do. */
const WAYS = [
  { name: 'three writes at once', parts: 3, flags: constants.O_DSYNC },
  { name: 'O_DIRECT, one write', parts: 1, flags: constants.O_DSYNC | constants.O_DIRECT },
] as const;

const writeAt = promisify(write);

let source: Uint8Array | undefined;

function sourceBytes(): Uint8Array {
  source ??= randomFillSync(new Uint8Array(pageAligned(SOURCE_BYTES)));
  return source;
}

/** As `O_DIRECT` wants memory: V8 lets what may be resized begin at a page. TypeScript's ES2023 does not know of it. */
function pageAligned(byteLength: number): ArrayBuffer {
  return Reflect.construct(ArrayBuffer, [byteLength, { maxByteLength: byteLength }]) as ArrayBuffer;
}

export const byHand: readonly Contestant[] = WAYS.map(({ name, parts, flags }) => ({
  name: 'the disk by hand',
  configurations: [{ name, callers: 'one' }],
  open: async (directory) => {
    if (process.platform !== 'linux') throw new Error('its flags are those of Linux');
    const bytes = sourceBytes();
    let files = 0;
    const nextFile = (): number =>
      openSync(`${directory}/${files++}`, constants.O_CREAT | constants.O_WRONLY | flags, 0o600);
    let file = nextFile();
    let end = 0;
    let count = 0;
    await writeAt(file, bytes, 0, BLOCK_BYTES, 0); // where there is no O_DIRECT, this fails
    return {
      append: async (events) => {
        const blocks = Math.ceil((events.length * RECORD_BYTES) / BLOCK_BYTES);
        if (end > 0 && end + blocks * BLOCK_BYTES > FILE_BYTES) {
          closeSync(file);
          file = nextFile();
          end = 0;
        }
        const cuts = Array.from({ length: parts + 1 }, (_, i) => Math.floor((blocks * i) / parts) * BLOCK_BYTES);
        await Promise.all(
          cuts.slice(1).map((to, i) => {
            const from = cuts[i] as number;
            return writeAt(file, bytes, from, to - from, end + from);
          }),
        );
        end += blocks * BLOCK_BYTES;
        count += events.length;
      },
      count: () => count,
      close: () => closeSync(file),
    };
  },
}));
