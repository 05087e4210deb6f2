import { expect, it } from 'vitest';
import { virtualFlow } from '../../src/testing/virtual-host.ts';
import { eventsOf, repeating, worldOf, type World } from './flow-fixtures.ts';

const CALL_MS = 4;
const ROOM = 8;
const LIMIT = 200;

type Call = () => Promise<unknown>;

/** What all targets have in common: what a call takes, and how it fails. */
function targetsOf(world: World) {
  const works = (): Promise<void> => world.after(CALL_MS * (0.8 + 0.4 * world.random()));
  const fails = async (ms: number, error: object): Promise<never> => {
    await world.after(ms);
    throw Object.assign(new Error('no room'), error);
  };
  return { ...world, works, fails };
}
type Targets = ReturnType<typeof targetsOf>;

function withRoom({ works, fails }: Targets, beyondMs: number, error: object): Call {
  let busy = 0;
  return async () => {
    if (busy >= ROOM) await fails(beyondMs, error);
    busy += 1;
    await works();
    busy -= 1;
  };
}

/** A token bucket. */
function paced({ now, works, fails }: Targets): Call {
  let [tokens, at] = [20, 0];
  return async () => {
    tokens = Math.min(20, tokens + ((now() - at) * LIMIT) / 1000);
    at = now();
    if (tokens < 1) await fails(1, { status: 429 });
    tokens -= 1;
    await works();
  };
}

const always = repeating(async (output) => output.write(eventsOf(16)));

it.each([
  ['hang', 'in order', (w: Targets) => withRoom(w, 500, { code: 'ETIMEDOUT' }), (1000 * ROOM) / CALL_MS, 0.85],
  ['hang', 'in any order', (w: Targets) => withRoom(w, 500, { code: 'ETIMEDOUT' }), (1000 * ROOM) / CALL_MS, 0.95],
  ['are refused', 'in order', (w: Targets) => withRoom(w, 1, { status: 429 }), (1000 * ROOM) / CALL_MS, 0.95],
  ['are refused', 'in any order', (w: Targets) => withRoom(w, 1, { status: 429 }), (1000 * ROOM) / CALL_MS, 0.95],
  ['are too many per second', 'in order', paced, LIMIT, 0.95],
  ['are too many per second', 'in any order', paced, LIMIT, 0.95],
] as const)(
  'mapAsync makes as many calls as its target takes, where others %s (%s)',
  async (_, order, target, best, share) => {
    const w = targetsOf(worldOf());
    const call = target(w);
    const { scheduler } = w.host;
    const run = virtualFlow('calls', w.host, { targets: { latency: { p95: 100 } } })
      .from(always)
      .mapAsync(() => call(), { ordered: order === 'in order' })
      .to(() => undefined)
      .run();
    void run.done.catch(() => undefined);
    const counts = () => {
      const { totals, stages } = run.snapshot();
      return { done: totals.confirmed, retried: stages[0]?.retried ?? 0 };
    };
    await scheduler.advance(10_000);
    const before = counts();
    await scheduler.advance(10_000);
    const after = counts();
    const done = after.done - before.done;
    expect(done).toBeGreaterThan(share * 10 * best);
    expect(after.retried - before.retried).toBeLessThan(0.02 * done);
    void run.stop().catch(() => undefined);
  },
);
