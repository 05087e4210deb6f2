import type { Workload } from './workload.ts';

/** Matches of three relaxed steps of a type and a price, per key, by the most direct search: for each start the first that follows. */
export function countByHand(
  workload: Workload,
  types: readonly (readonly string[])[],
  feeds: number,
  windowMs: number,
): number {
  const { events, perMs } = workload;
  const byKey = new Map<number, number[]>();
  for (let at = 0; at < feeds; at += 1) {
    const key = events[at % events.length]?.key ?? -1;
    const places = byKey.get(key) ?? [];
    places.push(at);
    byKey.set(key, places);
  }
  let matches = 0;
  for (const places of byKey.values()) {
    for (const [first, second, third] of types) {
      const isA = (at: number | undefined, type: string | undefined): boolean => {
        const event = at === undefined ? undefined : events[at % events.length];
        return event !== undefined && event.type === type && event.price >= 20;
      };
      for (const [i, start] of places.entries()) {
        if (!isA(start, first)) continue;
        const b = places.findIndex((at, j) => j > i && isA(at, second));
        const c = b < 0 ? -1 : places.findIndex((at, j) => j > b && isA(at, third));
        const end = places[c];
        if (end !== undefined && Math.floor(end / perMs) - Math.floor(start / perMs) < windowMs) matches += 1;
      }
    }
  }
  return matches;
}
