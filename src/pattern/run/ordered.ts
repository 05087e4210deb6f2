/**
 * Partial or complete matches ordered by their first event: a binary heap.
 *
 * Which of two that start with the same event comes first decides what a skip strategy discards. The reference leaves
 * that to the heap of its standard library (`java.util.PriorityQueue`, documented: ties are broken arbitrarily; in
 * fact by the shape of the heap), so the sift rules here are the same ones.
 */

interface Started {
  readonly start: number;
}

export function push<T extends Started>(heap: T[], item: T): void {
  let at = heap.length;
  heap.push(item);
  while (at > 0) {
    const parent = (at - 1) >>> 1;
    const above = heap[parent] as T;
    if (item.start >= above.start) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = item;
}

export function pop<T extends Started>(heap: T[]): T | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (last !== undefined && heap.length > 0) siftDown(heap, 0, last);
  return top;
}

/** @returns how many went */
export function removeAll<T extends Started>(heap: T[], isRemoved: (item: T) => boolean): number {
  let kept = 0;
  for (const item of heap) if (!isRemoved(item)) heap[kept++] = item;
  const removed = heap.length - kept;
  if (removed === 0) return 0;
  heap.length = kept;
  for (let at = (kept >>> 1) - 1; at >= 0; at--) siftDown(heap, at, heap[at] as T);
  return removed;
}

function siftDown<T extends Started>(heap: T[], from: number, item: T): void {
  const half = heap.length >>> 1;
  let at = from;
  while (at < half) {
    let child = 2 * at + 1;
    if (child + 1 < heap.length && (heap[child] as T).start > (heap[child + 1] as T).start) child++;
    const below = heap[child] as T;
    if (item.start <= below.start) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = item;
}
