import { PatternSet } from 'daoflow/pattern';
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

/** Keys that come, live for ten events each and are not seen again. @returns MB held at most, after a first tenth */
export function churn(events: number, keys: number): { readonly peakMb: number; readonly liveKeys: number } {
  const set = pairs(10_000);
  const kinds: Tick[] = ['a', 'c', 'c', 'b', 'a', 'c', 'c', 'c', 'c', 'c'].map((type) => ({ type, price: 0, key: 0 }));
  const perKey = events / keys;
  const before = held();
  let [peak, liveKeys] = [0, 0];
  for (let at = 0; at < events; at += 1) {
    // 1,000 keys at a time take turns.
    const key = Math.floor(at / (1000 * perKey)) * 1000 + (at % 1000);
    const nth = Math.floor(at / 1000) % kinds.length;
    set.process(kinds[nth] as Tick, key, -1, Math.floor(at / 100));
    if (at % (events / 10) === events / 10 - 1) {
      peak = Math.max(peak, held() - before);
      liveKeys = Math.max(liveKeys, set.keys);
    }
  }
  return { peakMb: peak / 2 ** 20, liveKeys };
}
