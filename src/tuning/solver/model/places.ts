/**
 * Where something was measured, and how near any other point is to each of these places: a covariance is a product of a
 * factor in batch and one in concurrency at each of three scales, so a grid of candidates costs two small tables.
 *
 * Tables of whole numbers, which are those of a grid, and of the places are kept: models that follow one another ask for
 * the same ones, and a place that moved changes its own entries only. Arrays of this size are dear to allocate and to
 * collect, so a model takes over those of the one before, which makes new ones should it be asked again. What is kept is
 * bounded, and never changes an answer.
 */

import { columnOf } from './numbers.ts';

/** Octaves. The second scale is a quarter of the first, so its factor is the sixteenth power of the other. */
const WIDE = 1.2;
const SHARP = 0.06;
/** Wide, middle, sharp; a table has the factors of all places one scale after the other. */
const SCALES = 3;
/** Tables of one coordinate: those of a grid and of the places; 1.2 kB each at most. */
const MOST_TABLES = 256;
/** Of the places, that may have moved: with more of them, to mend what is kept costs more than to make what is asked for. */
const FEW = 4;

export interface Place {
  readonly batch: number;
  readonly inFlight: number;
}

export class Places {
  readonly size: number;
  readonly #cells: readonly Place[];
  readonly #batch: Axis;
  readonly #inFlight: Axis;

  /** @param before - what these came about from: its tables are taken over */
  constructor(cells: readonly Place[], before?: Places) {
    this.size = cells.length;
    this.#cells = cells;
    const batches = columnOf(cells, ({ batch }) => batch);
    const inFlights = columnOf(cells, ({ inFlight }) => inFlight);
    this.#batch = axisOf(batches, before === undefined ? undefined : before.#batch);
    this.#inFlight = axisOf(inFlights, before === undefined ? undefined : before.#inFlight);
  }

  batchAt(index: number): number {
    return (this.#cells[index] as Place).batch;
  }

  inFlightAt(index: number): number {
    return (this.#cells[index] as Place).inFlight;
  }

  /**
   * One scale after the other, as many of each as there are places; valid until another one is asked for.
   * @param isSharp - whether the third scale is asked for; else it may be anything
   */
  batchTable(batch: number, isSharp: boolean): Float64Array {
    return this.#batch.table(batch, isSharp);
  }

  inFlightTable(inFlight: number, isSharp: boolean): Float64Array {
    return this.#inFlight.table(inFlight, isSharp);
  }
}

function axisOf(values: Float64Array, before: Axis | undefined): Axis {
  return before?.isAt(values) === true ? before : new Axis(values, before);
}

class Axis {
  readonly #values: Float64Array;
  readonly #logs: Float64Array;
  #tables = new Map<number, Table>();
  /** To be filled anew. */
  #spare: Table[] = [];

  constructor(values: Float64Array, before: Axis | undefined) {
    this.#values = values;
    this.#logs = values.map(Math.log2);
    if (before !== undefined) this.#takeOver(before);
  }

  isAt(values: Float64Array): boolean {
    return values.length === this.#values.length && values.every((value, i) => value === this.#values[i]);
  }

  table(at: number, isSharp: boolean): Float64Array {
    const table = this.#tables.get(at) ?? this.#made(at);
    if (isSharp && !table.isSharp) {
      table.isSharp = true;
      this.#sharpen(table, 0, this.#logs.length);
    }
    return table.factors;
  }

  #takeOver(before: Axis): void {
    [this.#tables, before.#tables] = [before.#tables, this.#tables];
    [this.#spare, before.#spare] = [before.#spare, this.#spare];
    const isAsLong = before.#values.length === this.#values.length;
    const moved = [...this.#values.keys()].filter((i) => this.#values[i] !== before.#values[i]);
    if (!isAsLong || moved.length > FEW) this.#forget();
    for (const table of this.#tables.values()) {
      for (const i of moved) {
        this.#fill(table, i, i + 1);
        if (table.isSharp) this.#sharpen(table, i, i + 1);
      }
    }
  }

  #forget(): void {
    this.#spare.push(...this.#tables.values());
    this.#tables.clear();
  }

  #made(at: number): Table {
    if (this.#tables.size >= MOST_TABLES) this.#forget();
    const size = this.#logs.length;
    const spare = this.#spare.pop();
    const isLongEnough = spare !== undefined && spare.factors.length >= SCALES * size;
    const table = isLongEnough ? spare : { factors: new Float64Array(SCALES * size), log: 0, isSharp: false };
    table.log = Math.log2(at);
    table.isSharp = false;
    this.#fill(table, 0, size);
    // Else it is the mean calls in flight of a call, or those of a pace: next to none are asked for twice.
    const isKept = Number.isInteger(at) || this.#values.includes(at);
    if (isKept) this.#tables.set(at, table);
    else this.#spare.push(table);
    return table;
  }

  /** The first two scales, of some of the places. */
  #fill({ log, factors }: Table, from: number, to: number): void {
    const logs = this.#logs;
    const size = logs.length;
    for (let i = from; i < to; i += 1) {
      const distance = log - (logs[i] as number);
      const wide = Math.exp((distance * distance) / (-2 * WIDE * WIDE));
      const fourth = wide * wide * wide * wide;
      factors[i] = wide;
      factors[size + i] = fourth * fourth * fourth * fourth;
    }
  }

  /** The third one. */
  #sharpen({ log, factors }: Table, from: number, to: number): void {
    const logs = this.#logs;
    const sharp = 2 * logs.length;
    for (let i = from; i < to; i += 1) factors[sharp + i] = Math.exp(-Math.abs(log - (logs[i] as number)) / SHARP);
  }
}

interface Table {
  log: number;
  /** Those of all places, one scale after the other. */
  readonly factors: Float64Array;
  /** Whether the third scale is filled in: it is rarely asked for. */
  isSharp: boolean;
}
