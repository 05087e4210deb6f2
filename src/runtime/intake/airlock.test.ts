import { beforeEach, describe, expect, it } from 'vitest';
import { Origin } from '../../event/origin.ts';
import { VirtualScheduler } from '../../testing/virtual-scheduler.ts';
import type { EventRange, Supervision } from '../supervision.ts';
import { Airlock, type Step } from './airlock.ts';
import { InFlight } from './in-flight.ts';

const range = (from: number): EventRange => ({ source: 's', partition: 'p', base: 0, from, count: 1 });

/** A flow in which each step takes 10 ms, and what was noted as alone while it began. */
class World {
  readonly scheduler: VirtualScheduler = new VirtualScheduler();
  readonly inFlight: InFlight = new InFlight();
  readonly signal: AbortSignal = new AbortController().signal;
  readonly begun: string[] = [];
  readonly over: string[] = [];
  isStuck = false;
  #alone: EventRange | undefined;
  readonly supervision: Supervision = {
    suspicion: undefined,
    totals: () => new Float64Array(3),
    alone: (events) => (this.#alone = events),
  };
  readonly airlock: Airlock = new Airlock(this, this.supervision, () => {
    this.isStuck = true;
    this.airlock.open();
  });

  pass(name: string, { depth = 0, isKnown = false, ms = 10 }: Partial<Step> & { readonly ms?: number } = {}): void {
    const at = range(this.begun.length);
    const begin = (): void => {
      this.begun.push(`${name} at ${this.scheduler.now()}, ${this.#alone === at ? 'alone' : 'among others'}`);
      this.inFlight.opened();
      const origin = new Origin('p', 0, 1, 0, (settled) => this.inFlight.settled(settled));
      this.scheduler.after(ms, () => origin.release());
    };
    this.airlock.pass({ depth, range: at, isKnown, begin, over: () => this.over.push(name) });
  }
}

describe('an airlock', () => {
  let world: World;
  beforeEach(() => (world = new World()));

  it('lets in one step at a time, each once the one before is over', async () => {
    world.pass('a');
    world.pass('b');
    await world.scheduler.advance(30);
    expect(world.begun).toEqual(['a at 0, alone', 'b at 10, alone']);
    expect(world.over).toEqual(['a', 'b']);
    expect(world.airlock.isOpen).toBe(false);
  });

  it('leaves one that is known more time, before and after', async () => {
    world.pass('a', { isKnown: true });
    world.pass('b');
    await world.scheduler.advance(300);
    expect(world.begun).toEqual(['a at 100, alone', 'b at 210, alone']);
  });

  it('lets what comes from a spill pass those that wait until it is empty', async () => {
    let left = 2;
    const depth = world.airlock.addSpill(() => left === 0);
    world.pass('source');
    world.pass('first', { depth });
    await world.scheduler.advance(20);
    left = 1;
    world.pass('second', { depth });
    await world.scheduler.advance(20);
    expect(world.begun).toEqual(['first at 0, alone', 'second at 20, alone']);
    left = 0;
    world.airlock.moved();
    await world.scheduler.advance(20);
    expect(world.begun.at(-1)).toBe('source at 40, alone');
  });

  it('keeps a step until what went to a disk of it has been read back', async () => {
    let isEmpty = true;
    world.airlock.addSpill(() => isEmpty);
    world.pass('a');
    await world.scheduler.advance(5);
    isEmpty = false; // it is on its way there
    await world.scheduler.advance(50);
    expect(world.over).toEqual([]);
    isEmpty = true;
    world.airlock.moved();
    await world.scheduler.advance(1);
    expect(world.over).toEqual(['a']);
  });

  it.each([
    ['a step that does not end', { ms: Infinity }, true],
    ['a spill that gives nothing back', {}, false],
  ])('is opened by %s, and all begin, in their order', async (_what, first, isEmpty) => {
    world.airlock.addSpill(() => isEmpty);
    world.pass('a', first);
    world.pass('b');
    world.pass('c');
    await world.scheduler.advance(59_000);
    expect([world.isStuck, world.over]).toEqual([false, []]);
    await world.scheduler.advance(2_000);
    expect([world.isStuck, world.over]).toEqual([true, ['a', 'b', 'c']]);
    expect(world.begun.slice(-2)).toEqual(['b at 60000, among others', 'c at 60000, among others']);
    expect(world.airlock.isOpen).toBe(true);
  });
});
