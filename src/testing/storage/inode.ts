import type { Random } from '../../time/clock.ts';

/**
 * A power loss keeps or loses each of these on its own, in any order, or tears it: the rest of it is as before. Bytes that
 * were durable and are written again unchanged are safe, as SQLite's "powersafe overwrite" assumes of disks too.
 */
export const BLOCK_BYTES = 512;

/** The content of a file, twice: as programs see it (page cache), and as it survives a power loss. */
export class Inode {
  #cached: Uint8Array = new Uint8Array();
  #durable: Uint8Array = new Uint8Array();
  readonly #dirty = new Set<number>();

  get size(): number {
    return this.#cached.length;
  }

  read(into: Uint8Array, position: number): number {
    const part = this.#cached.subarray(position, position + into.length);
    into.set(part);
    return part.length;
  }

  write(bytes: Uint8Array, position: number): void {
    this.#cached = grown(this.#cached, position + bytes.length);
    this.#cached.set(bytes, position);
    const last = Math.floor((position + bytes.length - 1) / BLOCK_BYTES);
    for (let block = Math.floor(position / BLOCK_BYTES); block <= last; block += 1) this.#dirty.add(block);
  }

  sync(): void {
    for (const block of this.#dirty) this.#keep(block);
    this.#dirty.clear();
  }

  /** Some blocks reach the disk, and the kernel takes all of them for clean: a second sync will say that all is well. */
  failSync(random: Random): void {
    for (const block of this.#dirty) if (random() < 0.5) this.#keep(block);
    this.#dirty.clear();
  }

  /** Some of what was not synced reached the disk all the same. */
  losePower(random: Random): void {
    for (const block of this.#dirty) {
      const fate = random();
      if (fate < 0.4) this.#keep(block);
      else if (fate < 0.5) this.#keep(block, Math.floor(random() * BLOCK_BYTES));
    }
    this.#dirty.clear();
    this.#cached = this.#durable.slice();
  }

  /** Silent damage, on the disk and in memory. */
  flipBit(position: number, bit: number): void {
    for (const bytes of [this.#cached, this.#durable]) {
      if (position < bytes.length) bytes[position] = (bytes[position] as number) ^ (1 << bit);
    }
  }

  truncate(size: number): void {
    this.#cached = this.#cached.slice(0, size);
    this.#durable = this.#durable.slice(0, size);
  }

  /** @param length - how much of the block arrives: what lay on the disk before stays behind it */
  #keep(block: number, length: number = BLOCK_BYTES): void {
    const from = block * BLOCK_BYTES;
    const bytes = this.#cached.subarray(from, from + length);
    this.#durable = grown(this.#durable, from + bytes.length);
    this.#durable.set(bytes, from);
  }
}

function grown(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length >= length) return bytes;
  const longer = new Uint8Array(length);
  longer.set(bytes);
  return longer;
}
