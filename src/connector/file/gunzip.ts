import { createGunzip, type Gunzip } from 'node:zlib';
import { messageOf } from '../../errors/errors.ts';
import type { SourceContext } from '../../event/source.ts';
import type { RecordEnd } from '../record-end.ts';
import { systemCode } from '../system-failure.ts';
import type { ReadAhead } from './read-ahead.ts';

const OUTPUT_BYTES = 256 * 1024;
/** Of a member: checksum and length. */
const TRAILER_BYTES = 8;

/** The two bytes that every gzip member begins with. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses (any number of members) into a channel. The last bytes, and the end, are told to zlib only once all output so
 * far was handed over, for it throws away what a failing call had decompressed: a file that is truncated, or has a wrong
 * checksum, loses nothing that it holds. Of one that is damaged elsewhere up to OUTPUT_BYTES before the damage are lost.
 *
 * @returns why the data ends early, when it does
 */
export async function gunzipInto(
  record: RecordEnd,
  first: Uint8Array,
  chunks: ReadAhead,
  context: SourceContext,
): Promise<string | undefined> {
  const pump = new GunzipPump(record, context);
  for (let chunk: Uint8Array | undefined = first; chunk !== undefined; chunk = await chunks.next()) {
    await pump.write(chunk);
    if (pump.isDone) break;
  }
  return pump.end();
}

class GunzipPump {
  readonly #gunzip: Gunzip = createGunzip({ chunkSize: OUTPUT_BYTES });
  readonly #record: RecordEnd;
  readonly #context: SourceContext;
  /** The newest bytes of the input, which may be the trailer. */
  #held = Buffer.alloc(0);
  #blocked: Promise<void> | undefined;
  #failure: Error | undefined;
  #isCut = false;
  #wake = (): void => undefined;

  constructor(record: RecordEnd, context: SourceContext) {
    this.#record = record;
    this.#context = context;
    this.#gunzip.on('data', (bytes: Buffer) => this.#take(bytes));
    this.#gunzip.on('error', (error) => {
      this.#failure = error;
      this.#wake();
    });
    this.#gunzip.on('end', () => this.#wake());
  }

  /** True when nothing more should be written: aborted at the end of a record, or the data is damaged. */
  get isDone(): boolean {
    return this.#isCut || this.#failure !== undefined;
  }

  /** Resolves when the chunk is consumed (it may be reused then) and its output handed over. */
  async write(chunk: Uint8Array): Promise<void> {
    const input = Buffer.concat([this.#held, chunk]);
    const end = Math.max(0, input.length - TRAILER_BYTES);
    this.#held = input.subarray(end);
    await this.#decompress(input.subarray(0, end));
  }

  async #decompress(chunk: Uint8Array): Promise<void> {
    await this.#until((wake) => this.#gunzip.write(chunk, wake));
    while (this.#failure === undefined && (this.#blocked !== undefined || this.#gunzip.readableLength > 0)) {
      await (this.#blocked ?? this.#context.scheduler.yield());
    }
  }

  async end(): Promise<string | undefined> {
    if (!this.isDone) await this.#decompress(this.#held);
    if (!this.isDone) await this.#until(() => this.#gunzip.end());
    if (this.#blocked !== undefined) await this.#blocked;
    this.#gunzip.destroy();
    if (this.#failure === undefined || this.#isCut) return undefined;
    const isCutOff = systemCode(this.#failure) === 'Z_BUF_ERROR';
    return isCutOff
      ? 'the gzip data ends early: the file is truncated. What it holds was read; fetch it again for the rest'
      : `the gzip data is damaged (${messageOf(this.#failure)}). What was decompressed before was read`;
  }

  async #until(begin: (wake: () => void) => void): Promise<void> {
    if (this.#failure !== undefined) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      begin(() => resolve());
    });
  }

  #take(bytes: Buffer): void {
    if (this.#isCut) return;
    if (this.#context.signal.aborted) {
      this.#isCut = this.#record.finish(bytes);
      return;
    }
    const blocked = this.#record.write(bytes);
    if (blocked === undefined) return;
    this.#blocked = blocked;
    this.#gunzip.pause();
    void blocked.then(() => {
      if (this.#blocked !== blocked) return;
      this.#blocked = undefined;
      this.#gunzip.resume();
    });
  }
}
