import type { Segment } from './segment.ts';

/** A new place to begin reading at is noted when the last one is this far back. */
const INDEX_STEP_BYTES = 256 * 1024;

/** The segments of an open log, oldest first. */
export class SegmentList {
  readonly #segments: Segment[];
  #floor: number;

  /** @param floor - last sequence before the first segment */
  constructor(segments: readonly Segment[], floor: number) {
    this.#segments = [...segments];
    this.#floor = floor;
  }

  /** Last sequence that is gone for good, or 0: the oldest record has the next one. */
  get floor(): number {
    return this.#floor;
  }

  get length(): number {
    return this.#segments.length;
  }

  get byteLength(): number {
    return this.#segments.reduce((sum, { end }) => sum + (end ?? 0), 0);
  }

  at(index: number): Segment | undefined {
    return this.#segments.at(index);
  }

  get newestWithRecords(): Segment | undefined {
    return this.#segments.findLast(({ first, last }) => last >= first);
  }

  add(segment: Segment): void {
    this.#segments.push(segment);
  }

  /** Notes that a group begins at `offset`. */
  written({ index }: Segment, sequence: number, offset: number): void {
    if (offset - (index.offsets.at(-1) as number) < INDEX_STEP_BYTES) return;
    index.sequences.push(sequence);
    index.offsets.push(offset);
  }

  /** The segment that holds a sequence, or the first one behind it; undefined when none is. */
  find(sequence: number): Segment | undefined {
    return this.#segments.find(({ last }) => last >= sequence);
  }

  /** Takes out the oldest. */
  drop(count: number): void {
    for (const segment of this.#segments.splice(0, count)) this.#floor = Math.max(this.#floor, segment.last);
  }
}

/** The nearest place at or before `sequence` where reading may begin. */
export function placeBefore(
  { index }: Segment,
  sequence: number,
): { readonly sequence: number; readonly offset: number } {
  let low = 0;
  let high = index.sequences.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((index.sequences[middle] as number) <= sequence) low = middle;
    else high = middle - 1;
  }
  return { sequence: index.sequences[low] as number, offset: index.offsets[low] as number };
}
