/** Columns: typed arrays indexed by slot, which grow by doubling so that growth costs O(1) per slot, and are given back. */

/** First size of a column: 2 KB of doubles, enough for small flows without a growth. */
export const INITIAL_SLOTS = 256;

/** A longer copy that has room for `slot`; new entries are zero. */
export function grownFloats(column: Float64Array, slot: number): Float64Array {
  const next = new Float64Array(roomFor(column.length, slot));
  next.set(column);
  return next;
}

/** A longer copy that has room for `slot`; new entries are `fill`. */
export function grownInts(column: Int32Array, slot: number, fill: number): Int32Array {
  const next = new Int32Array(roomFor(column.length, slot));
  next.set(column);
  if (fill !== 0) next.fill(fill, column.length);
  return next;
}

/** Slots below which memory is not worth the work of giving it back: 150 KB for the widest columns there are. */
const FEW_SLOTS = 4096;

/**
 * Whether so few of the slots are in use that the others should be given back. An eighth: then as many slots have been freed
 * since as giving back costs, and it is seldom done for what comes back at once.
 */
export function isSparse(used: number, slots: number): boolean {
  return slots > FEW_SLOTS && 8 * used < slots;
}

/**
 * A shorter copy with room for `size` slots.
 *
 * @param moved - where each slot goes, below `size`; negative: it is left out
 */
export function movedFloats(column: Float64Array, moved: Int32Array, size: number): Float64Array {
  return movedInto(new Float64Array(roomFor(0, size)), column, moved);
}

/** The same; entries beyond are `fill`. */
export function movedInts(column: Int32Array, moved: Int32Array, size: number, fill: number): Int32Array {
  return movedInto(new Int32Array(roomFor(0, size)).fill(fill), column, moved);
}

function movedInto<T extends Float64Array | Int32Array>(shorter: T, column: T, moved: Int32Array): T {
  const end = Math.min(column.length, moved.length);
  for (let slot = 0; slot < end; slot += 1) {
    const to = moved[slot] as number;
    if (to >= 0) shorter[to] = column[slot] as number;
  }
  return shorter;
}

function roomFor(length: number, slot: number): number {
  let room = Math.max(length, 16);
  while (room <= slot) room *= 2;
  return room;
}
