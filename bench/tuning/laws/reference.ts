/**
 * Runs laws of another shape, from a folder given with --reference: each file `law-NAME.mjs` exports
 * `law(T, options) -> { init(), tick(now, period) }` with knobs `{ B, n, L, nB, age, K }`. What such a law does
 * between two periods (`onDone`) does not happen here: the engine's own rules stand in.
 */

import { readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { NATURAL_BOUNDS, within } from '../../../src/control/goal.ts';
import { quantile, shareUpTo, type HistogramData } from '../../../src/stats/histogram.ts';
import type { CallSample, KnobName, StageObservation } from 'daoflow';
import { CONTROL_PERIOD_MS, type Controller, type Plant } from 'daoflow/testing';
import { moveOf, type Law } from './law.ts';

interface Knobs {
  readonly B: number;
  readonly n: number;
  readonly L: number;
  readonly nB: number;
  readonly age: number;
  readonly K: number;
}

interface Running {
  init(): Knobs;
  tick(now: number, period: Period): Knobs;
}

type MakeLaw = (targetMs: number, options: { period: number; pinB?: number }) => Running;

export async function referenceLaws(folder: string): Promise<Law[]> {
  const files = readdirSync(folder).filter((file) => /^law-.*\.mjs$/.test(file));
  return Promise.all(
    files.map(async (file) => {
      const module = (await import(pathToFileURL(resolve(join(folder, file))).href)) as { law: MakeLaw };
      return {
        name: basename(file, '.mjs'),
        isBaseline: true,
        on: (plant: Plant) => ({ controller: adapted(file, module.law, plant) }),
      };
    }),
  );
}

/** Its state is the law itself, which changes in place. */
function adapted(name: string, makeLaw: MakeLaw, plant: Plant): Controller<Running> {
  const isClosed = plant.arrivals === 'saturating';
  const { min, max } = plant.bounds?.batchLimit ?? NATURAL_BOUNDS.batchLimit;
  return {
    name,
    knobs: ['batchLimit', 'concurrency', 'burstConcurrency', 'burstAgeMs', 'lingerMs', 'edgeEvents'],
    initial: (_, { p95Ms }) => makeLaw(p95Ms, { period: CONTROL_PERIOD_MS, ...(min === max ? { pinB: min } : {}) }),
    step: (law, observation, settings, { bounds }) => {
      const wanted = knobsOf(law.tick(observation.at, new Period(observation, isClosed)));
      const changes = (Object.keys(wanted) as (keyof typeof wanted)[])
        .map((knob) => ({ knob, from: settings[knob], to: within(bounds[knob], wanted[knob]) }))
        .filter(({ from, to }) => from !== to);
      return { state: law, decisions: moveOf(observation.stage, observation.at, changes, name) };
    },
  };
}

function knobsOf({ B, n, L, nB, age, K }: Knobs): Omit<Record<KnobName, number>, 'minGapMs' | 'edgeBytes'> {
  return {
    batchLimit: Math.round(B),
    concurrency: Math.max(1, Math.round(n)),
    burstConcurrency: Math.max(1, Math.round(n), Math.round(nB)),
    burstAgeMs: age,
    lingerMs: L,
    edgeEvents: Math.max(1, Math.round(K)),
  };
}

/** An observation as such a law reads it. */
class Period {
  readonly samples: readonly ReturnType<typeof sampleOf>[];
  readonly dur: number;
  readonly arrived: number;
  readonly done: number;
  readonly good: number;
  readonly err: number;
  readonly bp: number;
  readonly backlog: number;
  readonly oldest: number;
  readonly infl: number;
  readonly pause: number;
  readonly lat: Latency;
  readonly closed: boolean;

  constructor(observation: StageObservation, closed: boolean) {
    const { samples, durationMs, arrived, done, failed, rejected, backlogEvents, oldestMs, inFlight, pause } =
      observation;
    this.samples = samples.map((sample) => sampleOf(sample, pause));
    this.dur = durationMs;
    this.arrived = arrived;
    this.done = done;
    this.good = done;
    this.err = failed;
    this.bp = rejected;
    this.backlog = backlogEvents;
    this.oldest = oldestMs;
    this.infl = inFlight;
    this.pause = pause?.durationMs ?? 0;
    this.lat = new Latency(observation.latency);
    this.closed = closed;
  }
}

function sampleOf(call: CallSample, pause: StageObservation['pause']) {
  const { batch, inFlightMean, inFlightAtStart, durationMs, outcome, endedAt } = call;
  const startedAt = endedAt - durationMs;
  const isPaused = pause !== undefined && startedAt < pause.endedAt && endedAt > pause.endedAt - pause.durationMs;
  return {
    b: batch,
    n: inFlightMean,
    n0: inFlightAtStart,
    // Only the mean is known: as if it had changed evenly.
    nEnd: Math.max(1, 2 * inFlightMean - inFlightAtStart),
    t: durationMs,
    ok: outcome === 'ok',
    bp: outcome === 'rejected',
    now: endedAt,
    pz: isPaused ? pause.durationMs : 0,
  };
}

const BINS = 400;
/** Fifty bins per decade, from a microsecond. */
const EDGES = Array.from({ length: BINS + 1 }, (_, bin) => (10 ** (bin / 50) - 1) / 1000);

class Latency {
  readonly h: Float64Array;
  readonly n: number;
  readonly #histogram: HistogramData;

  constructor(histogram: HistogramData) {
    this.#histogram = histogram;
    this.n = histogram.count;
    const shares = EDGES.map((edge) => (histogram.count === 0 ? 0 : shareUpTo(histogram, edge)));
    this.h = Float64Array.from(
      { length: BINS },
      (_, bin) => histogram.count * ((shares[bin + 1] ?? 0) - (shares[bin] ?? 0)),
    );
  }

  q(share: number): number {
    return quantile(this.#histogram, share) ?? 0;
  }
}
