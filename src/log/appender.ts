/**
 * The way in: encodes what is appended into the group that is being filled, while the group before it is on its way
 * to the disk. So the next commit takes whatever has arrived meanwhile: no linger, no knob.
 *
 * **Invariants**
 * - Records get their sequences in the order of the calls.
 * - Memory is bounded by two groups and by what callers wait with: a batch that finds no room is not copied, its caller
 *   waits.
 */

import { Group, type GroupMemory, type GroupStamp } from './group.ts';
import type { ByteBuffer } from './record.ts';

/** A batch that found no room, or only for its first records. */
interface Waiting {
  readonly payloads: readonly Uint8Array[];
  /** The next payload to encode. */
  next: number;
  readonly resolve: (last: Promise<number>) => void;
  readonly reject: (error: Error) => void;
}

export interface AppenderOptions {
  readonly groupBytes: number;
  readonly memory: GroupMemory;
  readonly stampFor: (first: number, bytesAhead: number) => GroupStamp;
}

export class Appender {
  readonly #options: AppenderOptions;
  readonly #waiting: Waiting[] = [];
  #filling: Group;
  #spare: ByteBuffer | undefined;

  constructor(first: number, options: AppenderOptions) {
    this.#options = options;
    this.#filling = this.#newGroup(first, 0);
  }

  get hasWork(): boolean {
    return this.#filling.count > 0;
  }

  /** Sequence of the last record that was encoded. */
  get last(): number {
    return this.#filling.last;
  }

  /** @returns the sequence of the last record, once its group is done */
  append(payloads: readonly Uint8Array[]): Promise<number> {
    if (this.#waiting.length > 0) return this.#queue(payloads, 0);
    const next = this.#encode(payloads, 0);
    return next < payloads.length ? this.#queue(payloads, next) : this.#lastOnceDone();
  }

  /** The group to commit now; a new one takes its place. Who waits for room comes in with `admit`. */
  take(): Group {
    const group = this.#filling;
    this.#filling = this.#newGroup(group.last + 1, group.byteLength);
    this.#spare = undefined;
    return group;
  }

  /** A buffer that no commit needs any more. */
  recycle(buffer: ByteBuffer | undefined): void {
    this.#spare = buffer;
  }

  /** Nothing more will be committed. */
  fail(error: Error): void {
    this.#filling.settle(error);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  #newGroup(first: number, bytesAhead: number): Group {
    const { stampFor, groupBytes, memory } = this.#options;
    return new Group(first, stampFor(first, bytesAhead), { capacity: groupBytes, memory }, this.#spare);
  }

  /** @returns index of the first payload that found no room */
  #encode(payloads: readonly Uint8Array[], from: number): number {
    for (let i = from; i < payloads.length; i += 1) {
      if (!this.#filling.add(payloads[i] as Uint8Array)) return i;
    }
    return payloads.length;
  }

  #queue(payloads: readonly Uint8Array[], next: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ payloads, next, resolve, reject });
    });
  }

  /** Encodes what waits for room, as far as there is room now. */
  admit(): void {
    let admitted = 0;
    for (const waiting of this.#waiting) {
      waiting.next = this.#encode(waiting.payloads, waiting.next);
      if (waiting.next < waiting.payloads.length) break;
      waiting.resolve(this.#lastOnceDone());
      admitted += 1;
    }
    this.#waiting.splice(0, admitted);
  }

  #lastOnceDone(): Promise<number> {
    const { last, done } = this.#filling;
    return done.then(() => last);
  }
}
