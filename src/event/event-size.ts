/** What any event costs on an edge besides its fields: headers, pointers. */
const BASE_BYTES = 32;
const NUMBER_BYTES = 8;
/** An estimate needs no more than the first fields. */
const MAX_FIELDS = 16;
const MAX_DEPTH = 2;

/** Estimates the size of a batch from its first event, in bytes: edges are bounded by it. Cost: about 0.2 us. */
export function batchBytes(events: readonly unknown[]): number {
  return events.length === 0 ? 0 : events.length * eventBytes(events[0]);
}

/** Estimates what one event takes, in bytes. */
export function eventBytes(event: unknown): number {
  return BASE_BYTES + sizeOf(event, 0);
}

function sizeOf(value: unknown, depth: number): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return NUMBER_BYTES;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (depth === MAX_DEPTH) return BASE_BYTES;
  if (Array.isArray(value)) return value.length * sizeOf(value[0], depth + 1);
  let bytes = 0;
  for (const field of Object.values(value).slice(0, MAX_FIELDS)) bytes += sizeOf(field, depth + 1);
  return bytes;
}
