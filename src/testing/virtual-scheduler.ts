import { DiscreteScheduler } from './discrete-scheduler.ts';

/** Chains of promises up to this depth come to rest between two virtual instants. */
const SETTLE_TURNS = 20;

/**
 * A scheduler in virtual time: nothing happens until a test says so, and then in one fixed order.
 *
 * @example
 * const scheduler = new VirtualScheduler();
 * let fired = 0;
 * scheduler.after(1000, () => { fired = scheduler.now(); });
 * await scheduler.advance(1500);
 * console.log(fired, scheduler.now()); // 1000 1500
 */
export class VirtualScheduler extends DiscreteScheduler {
  /** @param epoch - wall-clock ms at virtual time 0 */
  constructor(epoch = 1_700_000_000_000) {
    super(0, SETTLE_TURNS, epoch);
  }

  /** Runs everything due within `ms` of virtual time, promises included, and stops the clock there. */
  advance(ms: number): Promise<void> {
    return this.runUntil(this.now() + ms);
  }
}
