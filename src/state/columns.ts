/** Columns: typed arrays indexed by slot, which grow by doubling so that growth costs O(1) per slot. */

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

function roomFor(length: number, slot: number): number {
  let room = Math.max(length, 16);
  while (room <= slot) room *= 2;
  return room;
}
