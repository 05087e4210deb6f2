import { setTimeout as sleep } from 'node:timers/promises';
import { startChild, type Child } from '../harness/index.ts';
import type { Counted, ToSlots } from './protocol.ts';
import { SLOWDOWN, type Stand } from './stand.ts';

const SLOTS = 8;
const CALL_MS = 10;
/** What a row adds to a call. */
const EVENT_MS = 0.1;
const CONNECTIONS = 16;
/** The largest batch of the grid. */
const MAX_BATCH = 1024;
const LIMIT_MS = 4 * 3_600_000;

/** @returns the stand and what stops its server */
export async function httpStand(): Promise<{ stand: Stand; stop: () => Promise<void> }> {
  const server = startChild('slots-server', { args: [SLOTS, CALL_MS, EVENT_MS].map(String), limitMs: LIMIT_MS });
  const { port } = (await server.next()) as { port: number };
  const url = `http://127.0.0.1:${port}/`;
  const tell = (message: ToSlots): void => server.send(message);
  const stand: Stand = {
    name: `HTTP, ${SLOTS} slots of ${CALL_MS} ms`,
    connections: CONNECTIONS,
    sink: { kind: 'http', options: { url, maxBatch: MAX_BATCH, maxConcurrency: CONNECTIONS } },
    reset: () => {
      tell({ kind: 'reset' });
      return Promise.resolve();
    },
    count: () => counted(server),
    hold: async (forMs) => {
      tell({ kind: 'hold', forMs });
      await sleep(forMs);
    },
    slow: async (forMs) => {
      tell({ kind: 'slow', callMs: CALL_MS * SLOWDOWN });
      await sleep(forMs);
      tell({ kind: 'slow' });
    },
  };
  return { stand, stop: () => stopped(server) };
}

async function counted(server: Child): Promise<Counted> {
  server.send({ kind: 'count' } satisfies ToSlots);
  return (await server.next()) as Counted;
}

async function stopped(server: Child): Promise<void> {
  server.kill();
  await server.ended().catch(() => undefined); // killed, as it should be
}
