/**
 * Every number that tuning may move, in one versioned place. The data path reads the current value
 * at each dispatch; nothing caches it, so a change takes effect with the next batch, atomically.
 */

/** Knobs of one waiting stage (an async operator or a sink) and of the edge in front of it. */
export interface StageSettings {
  /** Most events per call, >= 1. */
  readonly batchLimit: number;
  /** Most calls in flight, >= 1. */
  readonly concurrency: number;
  /** Calls in flight allowed while the oldest queued event is older than `burstAgeMs`, >= concurrency. */
  readonly burstConcurrency: number;
  readonly burstAgeMs: number;
  /** How long an event may wait for company while a slot is free. 0 = never. */
  readonly lingerMs: number;
  /** Least time between the starts of two calls. 0 = none. */
  readonly minGapMs: number;
  /** Bounds of the edge in front: full when either is reached. */
  readonly edgeEvents: number;
  readonly edgeBytes: number;
}

export type KnobName = keyof StageSettings;

export const KNOBS: readonly KnobName[] = [
  'batchLimit',
  'concurrency',
  'burstConcurrency',
  'burstAgeMs',
  'lingerMs',
  'minGapMs',
  'edgeEvents',
  'edgeBytes',
];

export class Settings {
  readonly #stages = new Map<string, Cell>();
  #version = 0;

  /** Grows by one with each change. */
  get version(): number {
    return this.#version;
  }

  get(stage: string): StageSettings {
    return this.#cell(stage).current;
  }

  /** `get` for one stage without looking it up again: the data path asks several times per call. */
  reader(stage: string): () => StageSettings {
    const cell = this.#cell(stage);
    return () => cell.current;
  }

  /** Replaces some knobs of one stage at once. @returns the new version */
  update(stage: string, change: Partial<StageSettings>): number {
    const cell = this.#cell(stage);
    cell.current = new StageValues({ ...cell.current, ...change });
    this.#version += 1;
    return this.#version;
  }

  declare(stage: string, initial: StageSettings): void {
    this.#stages.set(stage, { current: new StageValues(initial) });
    this.#version += 1;
  }

  #cell(stage: string): Cell {
    const found = this.#stages.get(stage);
    if (found === undefined) throw new RangeError(`no stage named ${stage}`);
    return found;
  }
}

interface Cell {
  current: StageSettings;
}

/** A class, so that V8 sees one shape, and reads it quickly, whatever was changed: each spread of what is frozen gives a new one. */
class StageValues implements StageSettings {
  readonly batchLimit: number;
  readonly concurrency: number;
  readonly burstConcurrency: number;
  readonly burstAgeMs: number;
  readonly lingerMs: number;
  readonly minGapMs: number;
  readonly edgeEvents: number;
  readonly edgeBytes: number;

  constructor(values: StageSettings) {
    this.batchLimit = values.batchLimit;
    this.concurrency = values.concurrency;
    this.burstConcurrency = values.burstConcurrency;
    this.burstAgeMs = values.burstAgeMs;
    this.lingerMs = values.lingerMs;
    this.minGapMs = values.minGapMs;
    this.edgeEvents = values.edgeEvents;
    this.edgeBytes = values.edgeBytes;
    Object.freeze(this);
  }
}
