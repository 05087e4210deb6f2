/** What a plant is like, found by asking it: does it change with time, does it refuse, is it the one we know? */

import { createHash } from 'node:crypto';
import { systemRandom } from '../../host/random.ts';
import type { Stretch } from './measure.ts';
import { phasesOf, type Plant, type PlantCall, type PlantReply } from './plant.ts';

export interface Character {
  /** The same call costs the same at any time: a short run tells as much as a long one. */
  readonly isStationary: boolean;
  /** Some calls were refused when many came at once. */
  readonly mayRefuse: boolean;
  /** Refused although nothing else was in flight: what is limited is calls per second. */
  readonly isRateLimited: boolean;
}

/** Calls far apart, so that no server is busy and no bucket empty, all over the stretch. */
const ASKED_TIMES = 64;
/** Calls at once: more than a limit of calls per second or in flight lets through. */
const ASKED_AT_ONCE = 2000;

export function characterOf(plant: Plant, [fromMs, toMs]: Stretch): Character {
  const timesOfOneCall = asking(plant);
  const durations = Array.from({ length: ASKED_TIMES }, (_, i) => {
    const now = fromMs + ((toMs - fromMs) * i) / ASKED_TIMES;
    return timesOfOneCall({ now, batch: 64, inFlight: 1 }).durationMs;
  });
  const isSteady = Math.max(...durations) <= 1.001 * Math.min(...durations);
  const isRateSteady = typeof plant.arrivals !== 'function' && plant.pauses === undefined;
  const crowd = asking(plant);
  const refusedAt = Array.from({ length: ASKED_AT_ONCE }, (_, i) => 1 + (i % 512)).filter(
    (inFlight) => crowd({ now: fromMs, batch: 1, inFlight }).outcome === 'rejected',
  );
  return {
    isStationary: isSteady && isRateSteady,
    mayRefuse: refusedAt.length > 0,
    isRateLimited: refusedAt.includes(1),
  };
}

/** The same for plants that answer alike: a changed parameter of a curve shows, a comment or another plant's change does not. */
export function fingerprintOf(plant: Plant): string {
  const random = systemRandom(7);
  const ask = asking(plant, random);
  const hash = createHash('sha256');
  for (const [fromMs, toMs] of phasesOf(plant)) {
    for (let i = 0; i < 3000; i += 1) {
      const batch = Math.round(20_000 ** random());
      const now = fromMs + ((toMs - fromMs) * i) / 3000;
      hash.update(JSON.stringify(ask({ now, batch, inFlight: Math.round(512 ** random()) })));
    }
    if (typeof plant.arrivals === 'function') {
      for (let i = 0; i < 500; i += 1) hash.update(String(plant.arrivals(fromMs + ((toMs - fromMs) * i) / 500)));
    }
  }
  return hash.update(JSON.stringify(plant)).update(plant.service.toString()).digest('hex').slice(0, 20);
}

function asking(
  plant: Plant,
  random: PlantCall['random'] = () => 0.5,
): (call: Pick<PlantCall, 'now' | 'batch' | 'inFlight'>) => PlantReply {
  const state: Record<string, number> = {};
  return (call) => {
    const reply = plant.service({ ...call, random, servers: new Float64Array(plant.servers ?? 1), state });
    return typeof reply === 'number' ? { durationMs: reply } : reply;
  };
}
