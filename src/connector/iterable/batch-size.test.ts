import { beforeEach, expect, it } from 'vitest';
import { VirtualScheduler } from '../../testing/virtual-scheduler.ts';
import { BatchSize } from './batch-size.ts';

let scheduler: VirtualScheduler;
let size: BatchSize;
beforeEach(() => {
  scheduler = new VirtualScheduler();
  size = new BatchSize();
});

/** A flow that does so many events per ms, and asks to wait until all are done. */
async function after(batches: number, perMs: number): Promise<number> {
  for (let i = 0; i < batches; i += 1) {
    const { events } = size;
    const done = size.room(new Promise((resolve) => void scheduler.after(events / perMs, () => resolve())), scheduler);
    await scheduler.advance(events / perMs);
    await done;
  }
  return size.events;
}

it('a batch is what the flow does in some ms', async () => {
  expect(await after(12, 0.5)).toBe(4);
  expect(await after(12, 10)).toBe(32);
  expect(await after(12, 0.001)).toBe(1);
  expect(await after(20, 1000)).toBe(512);
});

it('it grows while the flow has room, and a wait now and then does not keep it small', async () => {
  await after(12, 0.1);
  for (let i = 0; i < 3; i += 1) size.hasRoom();
  expect(size.events).toBe(8);
  for (let i = 0; i < 9; i += 1) size.hasRoom();
  expect(size.events).toBe(512);
});
