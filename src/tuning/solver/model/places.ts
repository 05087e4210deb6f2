/**
 * Where something was measured, and how near any other point is to each of these places: a covariance is a product of a
 * factor in batch and one in concurrency at each of three scales, so a grid of candidates costs two small tables.
 *
 * Tables are kept: models that follow one another ask for the same ones, and a place that moved changes its own entries
 * only. What is kept is bounded, and never changes an answer.
 */

/** Octaves. The second scale is a quarter of the first, so its factor is the sixteenth power of the other. */
const WIDE = 1.2;
const SHARP = 0.06;
/** Wide, middle, sharp; a table has the factors of all places one scale after the other. */
const SCALES = 3;
/** Tables of one coordinate: those of a grid and of the calls of a few periods; 1.2 kB each at most. */
const MOST_TABLES = 256;

export interface Place {
  readonly batch: number;
  readonly inFlight: number;
}

export class Places {
  readonly size: number;
  readonly #cells: readonly Place[];
  readonly #batch: Axis;
  readonly #inFlight: Axis;

  /** @param before - places of which most are the same, in any order: their tables are used again */
  constructor(cells: readonly Place[], before?: Places) {
    this.size = cells.length;
    this.#cells = cells;
    const batches = Float64Array.from(cells, ({ batch }) => batch);
    const inFlights = Float64Array.from(cells, ({ inFlight }) => inFlight);
    this.#batch = axisOf(batches, before === undefined ? undefined : before.#batch);
    this.#inFlight = axisOf(inFlights, before === undefined ? undefined : before.#inFlight);
  }

  batchAt(index: number): number {
    return (this.#cells[index] as Place).batch;
  }

  inFlightAt(index: number): number {
    return (this.#cells[index] as Place).inFlight;
  }

  /** @param isSharp - whether the third scale is asked for; else it may be anything */
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
  readonly #tables = new Map<number, Table>();
  /** Tables of the axis before, and where in it each value of this one was; -1 where it was not. */
  readonly #former: ReadonlyMap<number, Table>;
  readonly #from: Int16Array;
  /** Where they differ, if they are as long as each other. */
  readonly #moved: readonly number[] | undefined;

  constructor(values: Float64Array, before: Axis | undefined) {
    this.#values = values;
    this.#logs = values.map(Math.log2);
    const [former, formerValues] = before === undefined ? [NO_TABLES, NO_VALUES] : [before.#tables, before.#values];
    this.#former = former;
    const places = new Map<number, number>();
    formerValues.forEach((value, i) => places.set(value, i));
    this.#from = Int16Array.from(values, (value) => places.get(value) ?? -1);
    const isAsLong = formerValues.length === values.length;
    this.#moved = isAsLong ? [...values.keys()].filter((i) => values[i] !== formerValues[i]) : undefined;
  }

  isAt(values: Float64Array): boolean {
    return values.length === this.#values.length && values.every((value, i) => value === this.#values[i]);
  }

  table(at: number, isSharp: boolean): Float64Array {
    let table = this.#tables.get(at);
    if (table === undefined) {
      if (this.#tables.size >= MOST_TABLES) this.#tables.clear();
      const former = this.#former.get(at);
      table = former === undefined ? this.#made(at) : this.#remade(former);
      this.#tables.set(at, table);
    }
    if (isSharp && !table.isSharp) {
      table.isSharp = true;
      for (let i = 0; i < this.#logs.length; i += 1) this.#sharp(table, i);
    }
    return table.factors;
  }

  #made(at: number): Table {
    const size = this.#logs.length;
    const table = { log: Math.log2(at), factors: new Float64Array(SCALES * size), isSharp: false };
    for (let i = 0; i < size; i += 1) this.#smooth(table, i);
    return table;
  }

  #remade({ log, factors: former, isSharp }: Table): Table {
    const size = this.#logs.length;
    if (this.#moved !== undefined) {
      const table = { log, factors: former.slice(), isSharp };
      for (const i of this.#moved) {
        this.#smooth(table, i);
        if (isSharp) this.#sharp(table, i);
      }
      return table;
    }
    const formerSize = former.length / SCALES;
    const factors = new Float64Array(SCALES * size);
    const table = { log, factors, isSharp };
    for (let i = 0; i < size; i += 1) {
      const from = this.#from[i] as number;
      if (from >= 0) {
        factors[i] = former[from] as number;
        factors[size + i] = former[formerSize + from] as number;
        factors[2 * size + i] = former[2 * formerSize + from] as number;
      } else {
        this.#smooth(table, i);
        if (isSharp) this.#sharp(table, i);
      }
    }
    return table;
  }

  #smooth({ log, factors }: Table, i: number): void {
    const distance = log - (this.#logs[i] as number);
    const wide = Math.exp((distance * distance) / (-2 * WIDE * WIDE));
    const fourth = wide * wide * wide * wide;
    factors[i] = wide;
    factors[this.#logs.length + i] = fourth * fourth * fourth * fourth;
  }

  #sharp({ log, factors }: Table, i: number): void {
    factors[2 * this.#logs.length + i] = Math.exp(-Math.abs(log - (this.#logs[i] as number)) / SHARP);
  }
}

const NO_VALUES = new Float64Array();
const NO_TABLES: ReadonlyMap<number, Table> = new Map<number, Table>();

interface Table {
  readonly log: number;
  readonly factors: Float64Array;
  /** Whether the third scale is filled in: it is rarely asked for. */
  isSharp: boolean;
}
