import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BufferManager, type EdgeLoad } from './buffer-manager.ts';

const MACHINE = { availableParallelism: 2, cpus: 2 };
const MIB = 1024 * 1024;

function load(over: Partial<EdgeLoad> = {}): EdgeLoad {
  return { edge: 'sink', drainPerSecond: 50_000, budgetMs: 20, batch: 100, backlogEvents: 0, backlogBytes: 0, ...over };
}

/** An edge that has come to rest under this load. */
function settled(over: Partial<EdgeLoad> = {}, memory: number | null = 0.3, manager = new BufferManager(MACHINE)) {
  manager.add('sink');
  for (let i = 0; i < 20; i += 1) manager.adjust([load(over)], memory);
  return manager;
}

describe('BufferManager', () => {
  it('starts with the capacity of the guide', () => {
    expect(new BufferManager({ availableParallelism: 4, cpus: 8 }).add('sink').edgeEvents).toBe(4000);
  });

  it('holds what drains within the budget, at least two calls', () => {
    expect(settled().capacity('sink').edgeEvents).toBe(1000);
    expect(settled({ drainPerSecond: 100 }).capacity('sink').edgeEvents).toBe(200);
  });

  it('at most doubles per step, and ignores changes of up to a quarter', () => {
    const manager = settled();
    manager.adjust([load({ drainPerSecond: 1e6 })], 0.3);
    expect(manager.capacity('sink').edgeEvents).toBe(2000);
    const still = settled();
    expect(still.adjust([load({ drainPerSecond: 60_000 })], 0.3)).toEqual([]);
    expect(still.adjust([load({ drainPerSecond: 40_000 })], 0.3)).toEqual([]);
    expect(still.adjust([load({ drainPerSecond: 30_000 })], 0.3)).toHaveLength(1);
  });

  it('grants what the stage asks for, but never more than the bytes allow', () => {
    expect(settled({ wishEvents: 64 }).capacity('sink').edgeEvents).toBe(64);
    const large = { wishEvents: 10_000, backlogEvents: 10, backlogBytes: 10 * MIB };
    const manager = settled(large, 0.3, new BufferManager({ ...MACHINE, memoryBytes: 8 * MIB }));
    expect(manager.capacity('sink')).toEqual({ edgeEvents: 8, edgeBytes: 8 * MIB });
  });

  it('keeps the bytes of all edges within the budget, whatever the loads', () => {
    const anyLoad = fc.record({
      drainPerSecond: fc.double({ min: 0, max: 1e7, noNaN: true }),
      budgetMs: fc.double({ min: 0, max: 10_000, noNaN: true }),
      batch: fc.integer({ min: 1, max: 20_000 }),
      backlogEvents: fc.integer({ min: 0, max: 1000 }),
      backlogBytes: fc.integer({ min: 0, max: 100 * MIB }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyLoad, anyLoad), { minLength: 1, maxLength: 20 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (steps, memory) => {
          const manager = new BufferManager({ ...MACHINE, memoryBytes: 4 * MIB });
          for (const edge of ['a', 'b']) manager.add(edge);
          for (const [a, b] of steps) {
            manager.adjust(
              [
                { edge: 'a', ...a },
                { edge: 'b', ...b },
              ],
              memory,
            );
            const sizes = ['a', 'b'].map((edge) => manager.capacity(edge));
            expect(sizes.reduce((sum, { edgeBytes }) => sum + edgeBytes, 0)).toBeLessThanOrEqual(4 * MIB);
            for (const { edgeEvents, edgeBytes } of sizes) {
              expect(edgeEvents).toBeGreaterThanOrEqual(1);
              expect(edgeBytes).toBeGreaterThanOrEqual(1);
              expect(Number.isInteger(edgeEvents) && Number.isInteger(edgeBytes)).toBe(true);
            }
          }
        },
      ),
    );
  });

  it('holds at 60 %, shrinks at 75 %, admits nothing at 85 %, and returns when memory has', () => {
    const manager = settled();
    manager.adjust([load({ drainPerSecond: 1e6 })], 0.65);
    expect(manager.capacity('sink').edgeEvents).toBe(1000);
    manager.adjust([load()], 0.8);
    expect(manager.capacity('sink').edgeEvents).toBe(500);
    expect(manager.adjust([load()], 0.87)[0]).toMatchObject({ edgeEvents: 1, edgeBytes: 1 });
    expect(manager.maxEvents('sink')).toBe(1);
    manager.adjust([load()], 0.92);
    expect(manager.band).toBe('emergency');
    for (let i = 0; i < 20; i += 1) manager.adjust([load()], 0.4);
    expect(manager.capacity('sink').edgeEvents).toBeGreaterThanOrEqual(750); // within the quarter that is ignored
  });

  it('leaves alone what a user fixed, until memory runs out', () => {
    const manager = new BufferManager(MACHINE);
    manager.add('sink', { events: 77, bytes: 5000 });
    manager.adjust([load()], 0.3);
    manager.adjust([load()], 0.8);
    expect(manager.capacity('sink')).toEqual({ edgeEvents: 77, edgeBytes: 5000 });
    manager.adjust([load()], 0.86);
    expect(manager.capacity('sink').edgeEvents).toBe(1);
    for (let i = 0; i < 20; i += 1) manager.adjust([load()], 0.3);
    expect(manager.capacity('sink')).toEqual({ edgeEvents: 77, edgeBytes: 5000 });
  });

  it('does not know an edge that was never added', () => {
    expect(() => new BufferManager(MACHINE).capacity('other')).toThrow(RangeError);
  });
});
