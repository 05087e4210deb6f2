import { PatternSet, type Predicate } from 'daoflow/pattern';
import { cpuPerEvent } from '../harness/index.ts';
import { typed, type Tick } from './workload.ts';

const SILENT = { match: () => undefined, timeout: () => undefined, shed: () => undefined, failed: () => undefined };

function pairs(withinMs: number): PatternSet<Tick> {
  const set = new PatternSet<Tick>(SILENT);
  const steps = [
    { link: null, name: 'a', where: typed('a') },
    { link: 'followedBy', name: 'b', where: typed('b') },
  ] as const;
  set.add('pair', { steps, within: { ms: withinMs, scope: 'firstToLast' } });
  return set;
}

/** Bytes held, heap and columns. */
function held(): number {
  if (gc === undefined) throw new Error('memory is measured under node --expose-gc');
  // Twice: columns that have been replaced are freed by the next collection.
  gc();
  gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** @returns bytes per key with one partial match, beyond the event, which all share; and after all are over */
export function bytesPerKey(keys: number): { readonly live: number; readonly idle: number; readonly left: number } {
  const event: Tick = { type: 'a', price: 0, key: 0 };
  const before = held();
  const set = pairs(1000);
  for (let key = 0; key < keys; key += 1) set.process(event, key, -1, 0);
  if (set.keys !== keys) throw new Error(`${set.keys} keys live`);
  const live = held() - before;
  set.advance(2000);
  const left = set.keys;
  const idle = held() - before;
  return { live: live / keys, idle: idle / keys, left };
}

/**
 * Keys that come, live for ten events each and are not seen again: half of them wait for an end of 10 s.
 *
 * @returns MB held at most after a tenth of the events, keys that lived then and in the end, ns per event of each tenth
 */
export async function churn(events: number, keys: number): Promise<Churn> {
  const set = pairs(10_000);
  const kinds: Tick[] = ['a', 'c', 'c', 'b', 'a', 'c', 'c', 'c', 'c', 'c'].map((type) => ({ type, price: 0, key: 0 }));
  const perKey = events / keys;
  const before = held();
  let [peak, liveKeys, at] = [0, 0, 0];
  const costs: number[] = [];
  const feed = (): number => {
    for (const end = at + events / 10; at < end; at += 1) {
      // 1,000 keys at a time take turns.
      const key = Math.floor(at / (1000 * perKey)) * 1000 + (at % 1000);
      const nth = Math.floor(at / 1000) % kinds.length;
      set.process(kinds[nth] as Tick, key, -1, Math.floor(at / 100));
    }
    return events / 10;
  };
  for (let tenth = 0; tenth < 10; tenth += 1) {
    costs.push(await cpuPerEvent(feed));
    peak = Math.max(peak, held() - before);
    liveKeys = Math.max(liveKeys, set.keys);
  }
  set.advance(Infinity);
  return { peakMb: peak / 2 ** 20, liveKeys, left: set.keys, costs };
}

interface Churn {
  readonly peakMb: number;
  readonly liveKeys: number;
  readonly left: number;
  readonly costs: readonly number[];
}

/**
 * `a{3,} b` without a window, over a stream of nothing but `a`. With `maxPartials`, its last step also looks at the events
 * before, which only the run matcher can do: there every pair of a start and an end is a partial match.
 *
 * @returns bytes held in the end, partial matches or sets of them, and ns per event
 */
export async function longLoop(events: number, maxPartials?: number): Promise<LongLoop> {
  const last = { agg: 'last', of: 'a', field: 'price' } as const;
  const higher: Predicate<Tick> = { and: [typed('b'), { cmp: [{ field: 'price' }, '>=', last] }] };
  const set = new PatternSet<Tick>(SILENT, maxPartials === undefined ? {} : { maxPartials });
  const steps = [
    { link: null, name: 'a', where: typed('a'), quantifier: { min: 3, max: null } },
    { link: 'followedBy', name: 'b', where: maxPartials === undefined ? typed('b') : higher },
  ] as const;
  set.add('loop', { steps });
  const event: Tick = { type: 'a', price: 1, key: 0 };
  const before = held();
  const cost = await cpuPerEvent(() => {
    for (let at = 0; at < events; at += 1) set.process(event, 0, -1, at);
    return events;
  });
  const [pattern] = set.list();
  return { bytes: held() - before, partials: pattern?.partials ?? 0, cost };
}

interface LongLoop {
  readonly bytes: number;
  readonly partials: number;
  readonly cost: number;
}
