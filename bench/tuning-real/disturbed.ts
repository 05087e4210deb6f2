import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from './engine.ts';
import { steadyAfterS } from './judge.ts';
import type { Ended } from './protocol.ts';
import { windowOf } from './recording.ts';
import { runOn } from './runs.ts';
import type { Stand } from './stand.ts';

export type Disturbance = 'hold' | 'slow';

/** When it begins, how long it lasts, how long it is watched afterwards; ms. */
export interface Course {
  readonly atMs: number;
  readonly forMs: number;
  readonly afterMs: number;
}

/** Before it begins, a run is measured for so long. */
const BEFORE_MS = 2000;

export interface Disturbed {
  readonly ended: Ended;
  /** Events per second before. */
  readonly before: number;
  /** From its end until it is again what it was before; Infinity where it is not in time. */
  readonly reconvergedS: number;
}

/** A tuned run whose target stands still, or becomes slow, for a while. */
export async function disturbed(
  engine: Engine,
  stand: Stand,
  kind: Disturbance,
  p95Ms: number,
  { atMs, forMs, afterMs }: Course,
): Promise<Disturbed> {
  const settledMs = Math.min(BEFORE_MS, atMs / 2);
  let endedMs = 0;
  const ended = await runOn(engine, stand, { p95Ms }, async () => {
    const began = performance.now();
    await sleep(atMs);
    if (kind === 'hold') await stand.hold(forMs);
    else await stand.slow(forMs, await engine.callMs(atMs - settledMs, atMs));
    endedMs = performance.now() - began;
    await sleep(afterMs);
  });
  const before = windowOf(ended.recording, atMs - settledMs, atMs).perSecond;
  const stretch = { fromMs: endedMs, toMs: endedMs + afterMs, p95Ms, perSecond: before };
  return { ended, before, reconvergedS: steadyAfterS(ended.recording, stretch) };
}
