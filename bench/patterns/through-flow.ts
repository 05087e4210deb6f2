import { flow, fromBatches } from 'daoflow';
import { patternOf } from 'daoflow/pattern';
import type { Tick, Workload } from './workload.ts';

/** A whole flow: batches of 256 in, event time, key, all patterns, a sink. @returns events */
export async function throughFlow({ patterns, events, perMs }: Workload, count: number): Promise<number> {
  async function* batches(): AsyncGenerator<Timed[]> {
    for (let from = 0; from < count; from += 256) {
      const batch: Timed[] = [];
      for (let at = from; at < from + 256; at += 1) {
        const event = events[at % events.length] as Tick;
        batch.push({ ...event, at: Math.floor(at / perMs) });
      }
      yield await Promise.resolve(batch);
    }
  }
  const named = Object.fromEntries(patterns.map((pattern, i) => [`p${i}`, patternOf<Timed>(pattern)]));
  const { accepted } = await flow('patterns')
    .from(fromBatches(batches()))
    .eventTime(({ at }) => at)
    .keyBy('key')
    .match(named)
    .matches.to(() => undefined)
    .run({ tuning: 'off' }).done;
  return accepted;
}

interface Timed extends Tick {
  readonly at: number;
}
