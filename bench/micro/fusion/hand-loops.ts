/** The same jobs as loops that a person would write. */

import { batches, SPAN_MS, WINDOW_MS, type Event, type Variant } from './load.ts';
import { Count } from './windows.ts';

export function handTwo(): Variant {
  const count = new Count();
  return () => {
    const before = count.count;
    for (const events of batches) {
      for (let i = 0; i < events.length; i++) {
        const value = (events[i] as Event).value * 2 + 1;
        if ((value & 3) !== 0) count.push();
      }
    }
    return count.count - before;
  };
}

export function handBare(): Variant {
  return () => {
    let count = 0;
    for (const events of batches) {
      for (let i = 0; i < events.length; i++) {
        const value = (events[i] as Event).value * 2 + 1;
        if ((value & 3) !== 0) count++;
      }
    }
    return count;
  };
}

export function handTen(): Variant {
  const count = new Count();
  return () => {
    const before = count.count;
    for (const events of batches) {
      for (let i = 0; i < events.length; i++) {
        let n = (events[i] as Event).value + 1;
        if (n % 7 === 0) continue;
        n *= 3;
        if (n <= 5) continue;
        n -= 2;
        if ((n & 15) === 3) continue;
        n ^= 5;
        if (n >= 290) continue;
        n += 9;
        if (n === 77) continue;
        count.push();
      }
    }
    return count.count - before;
  };
}

export function handThree(): Variant {
  let shiftMs = 0;
  return () => {
    let total = 0;
    const open = new Map<string, number>();
    let endMs = -Infinity;
    for (const events of batches) {
      for (let i = 0; i < events.length; i++) {
        const e = events[i] as Event;
        const ts = e.ts + shiftMs;
        const doubled = { key: e.key, value: e.value * 2 };
        if (doubled.value % 5 !== 0) {
          if (endMs === -Infinity) endMs = (Math.floor(ts / WINDOW_MS) + 1) * WINDOW_MS;
          const sum = open.get(doubled.key);
          open.set(doubled.key, sum === undefined ? doubled.value : sum + doubled.value);
        }
        if (ts >= endMs && endMs !== -Infinity) {
          for (const sum of open.values()) total += sum;
          open.clear();
          endMs = (Math.floor(ts / WINDOW_MS) + 1) * WINDOW_MS;
        }
      }
    }
    for (const sum of open.values()) total += sum;
    shiftMs += SPAN_MS;
    return total;
  };
}

export function handLeaf(): Variant {
  return () => {
    let count = 0;
    for (const events of batches) {
      const out: unknown[] = [];
      for (let i = 0; i < events.length; i++) {
        const e = events[i] as Event;
        const doubled = { key: e.key, value: e.value * 2, ts: e.ts };
        if ((doubled.value & 3) === 0) out.push(doubled);
      }
      count += out.length;
    }
    return count;
  };
}
