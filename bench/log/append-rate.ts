import type { Configuration, Store } from './contestant.ts';

/** Calls that wait at a time in natural batching: as many sources append. */
const CALLERS = 8;

export interface AppendLoad {
  readonly batch: number;
  readonly forMs: number;
  readonly callers: Configuration['callers'];
}

/** @returns events that became durable per second, CPU included in the wall time; checks that they are all there */
export async function appendRate(
  store: Store,
  events: readonly Uint8Array[],
  { batch, forMs, callers }: AppendLoad,
): Promise<{ readonly eventsPerSecond: number; readonly cpuNsPerEvent: number; readonly isComplete: boolean }> {
  const before = await store.count();
  let appended = 0;
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const caller = async (): Promise<void> => {
    for (let at = 0; performance.now() - startedAt < forMs; at = (at + batch) % (events.length - batch)) {
      await store.append(events.slice(at, at + batch));
      appended += batch;
    }
  };
  await Promise.all(Array.from({ length: callers === 'one' ? 1 : CALLERS }, caller));
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    eventsPerSecond: appended / seconds,
    cpuNsPerEvent: ((user + system) * 1000) / appended,
    isComplete: (await store.count()) - before === appended,
  };
}
