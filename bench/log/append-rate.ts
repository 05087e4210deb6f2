import type { Configuration, Store } from './contestant.ts';

/** Calls that wait at a time in natural batching: as many sources append. */
const CALLERS = 8;

export interface AppendLoad {
  readonly batch: number;
  readonly callers: Configuration['callers'];
  /** Whether to go on, by what was appended. */
  readonly isOn: (appended: number) => boolean;
}

/** @returns events that became durable per second, CPU included in the wall time */
export async function appendRate(
  store: Store,
  events: readonly Uint8Array[],
  { batch, callers, isOn }: AppendLoad,
): Promise<{ readonly appended: number; readonly eventsPerSecond: number }> {
  let appended = 0;
  const startedAt = performance.now();
  const caller = async (): Promise<void> => {
    for (let at = 0; isOn(appended); at = (at + batch) % (events.length - batch)) {
      await store.append(events.slice(at, at + batch));
      appended += batch;
    }
  };
  await Promise.all(Array.from({ length: callers === 'one' ? 1 : CALLERS }, caller));
  return { appended, eventsPerSecond: appended / ((performance.now() - startedAt) / 1000) };
}
