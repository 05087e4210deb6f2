/** What settings reach, as cheaply as it can be told: little is run where nothing changes. */

import type { Character } from './character.ts';
import { scoredStretch, settingsAt, type FixedPoint } from './fixed-run.ts';
import { measure, type Measures, type Stretch } from './measure.ts';
import type { Plant } from './plant.ts';
import { simulate } from './simulate.ts';
import type { SimulatedPeriod } from './tuned-stage.ts';

/** A run, and from where on it is scored; virtual ms. */
interface Piece {
  readonly runFromMs: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly isShort: boolean;
}

/** A queue that only grows. */
const HOPELESS: Measures = {
  events: 0,
  throughput: 0,
  p95Ms: Infinity,
  goodput: 0,
  workPerEvent: Infinity,
  calls: 0,
  refusedRatio: 0,
};

/** Calls after which a short run knows enough, unless they are of few bulks. */
const ENOUGH_CALLS = 2500;
/** Of a phase in which the plant changes. */
const SAMPLES = 6;

export class ShortRuns {
  readonly #plant: Plant;
  readonly #character: Character;
  readonly #isOpen: boolean;
  readonly #pieces: readonly Piece[];

  constructor(plant: Plant, phase: Stretch, character: Character) {
    this.#plant = plant;
    this.#character = character;
    this.#isOpen = plant.arrivals !== 'saturating';
    this.#pieces = this.#piecesOf(phase);
  }

  async run(point: FixedPoint): Promise<Measures> {
    const settings = settingsAt(point, this.#plant);
    const mayEnd = !this.#isOpen && !this.#character.mayRefuse && this.#plant.bulk === undefined;
    const scored: SimulatedPeriod[] = [];
    for (const { runFromMs, fromMs, toMs, isShort } of this.#pieces) {
      const backlogMs = (isShort ? 1000 : 10_000) + 10 * this.#plant.targetMs;
      let [calls, isAbandoned] = [0, false];
      const until = ({ observation }: SimulatedPeriod): boolean => {
        if (observation.at > fromMs) calls += observation.calls;
        isAbandoned = this.#isOpen && observation.oldestMs > backlogMs;
        return isAbandoned || (isShort && mayEnd && calls >= ENOUGH_CALLS);
      };
      const run = { settings, fromMs: runFromMs, durationMs: toMs - runFromMs, until };
      const { periods } = await simulate(this.#plant, run);
      if (isAbandoned) return HOPELESS;
      scored.push(...periods.filter(({ observation }) => observation.at > fromMs));
    }
    return measure(scored, [0, Infinity], this.#plant.targetMs);
  }

  /** What is run and scored: little where nothing changes, samples where the plant changes but keeps no memory, else all. */
  #piecesOf(phase: Stretch): Piece[] {
    const { arrivals, targetMs, bulk = 1 } = this.#plant;
    const { isStationary, mayRefuse } = this.#character;
    const eventsMs = typeof arrivals === 'number' ? (300_000 * bulk) / arrivals : 0;
    const warmMs = roundUp(Math.max(mayRefuse ? 1500 : 300, 2 * targetMs));
    const measuredMs = roundUp(Math.max(mayRefuse || this.#isOpen ? 3000 : 1700, 12 * targetMs, eventsMs));
    const pieceAt = (runFromMs: number, lengthMs: number): Piece => {
      const fromMs = runFromMs + warmMs;
      return { runFromMs, fromMs, toMs: fromMs + lengthMs, isShort: true };
    };
    const [fromMs, toMs] = scoredStretch(phase);
    if (isStationary && warmMs + measuredMs <= phase[1] - phase[0]) return [pieceAt(phase[0], measuredMs)];
    const apartMs = (toMs - fromMs) / SAMPLES;
    const sampleMs = roundUp(measuredMs / 2);
    if (isStationary || mayRefuse || this.#isOpen || warmMs + sampleMs > apartMs)
      return [{ runFromMs: phase[0], fromMs, toMs, isShort: false }];
    return Array.from({ length: SAMPLES }, (_, i) => pieceAt(Math.round(fromMs + i * apartMs), sampleMs));
  }
}

function roundUp(ms: number): number {
  return Math.ceil(ms / 100) * 100;
}
