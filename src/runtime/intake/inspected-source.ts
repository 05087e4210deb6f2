/** What one source gives, counted per partition from the checkpoint, and cut by what is suspected of it. */

import type { EventRange, SetApart, Suspicion } from '../supervision.ts';

/** Events of a batch that are let in together. */
export interface Piece {
  /** Places in the batch. */
  readonly from: number;
  readonly to: number;
  /** Undefined: they do not come again after a crash, so they have no place to be found at. */
  readonly range: EventRange | undefined;
  readonly isSuspect: boolean;
  /** One event, of which a thread has died alone already. */
  readonly isKnown: boolean;
  /** It is not to be processed, and why. */
  readonly apart: string | undefined;
}

export interface InspectedOptions {
  readonly name: string;
  readonly replays: boolean;
  /** How many of its events were given before. */
  readonly given: number;
  /** Where the checkpoint has its partitions. */
  readonly bases: ReadonlyMap<string, number>;
  readonly suspicion: Suspicion;
}

/** Sources that give again what they had make no pause as long as this. */
export const SILENT_MS = 10_000;
/** Suspects come in pieces of this share of those that are left: the newest, which were on their way, one by one. */
const SHARE = 1024;

export class InspectedSource {
  readonly #options: InspectedOptions;
  /** Still to come. */
  #range: EventRange | undefined;
  #apart: readonly SetApart[];
  #given: number;
  /** Per partition, events that came since the checkpoint. */
  readonly #came = new Map<string, number>();
  #heardAt: number;

  constructor(options: InspectedOptions, nowMs: number) {
    const { replays, given, suspicion } = options;
    this.#options = options;
    this.#heardAt = nowMs;
    const { among } = suspicion;
    this.#given = replays && among === 'given' ? given : 0;
    this.#range = typeof among === 'object' && this.#isOwn(among) ? among : undefined;
    this.#apart = suspicion.apart.filter((event) => this.#isOwn(event));
  }

  /** Something suspected has not come yet. */
  get hasSuspects(): boolean {
    return this.#given > 0 || this.#range !== undefined || this.#apart.length > 0;
  }

  heard(nowMs: number): void {
    this.#heardAt = nowMs;
  }

  /** What it gives again it would have given by now. */
  look(nowMs: number): void {
    if (nowMs - this.#heardAt >= SILENT_MS) this.end();
  }

  /** Nothing more is suspected of it. */
  end(): void {
    this.#given = 0;
    this.#range = undefined;
    this.#apart = [];
  }

  /** The pieces of the next batch of a partition: at least one, which may be empty. */
  cut(partition: string, events: number): Piece[] {
    const pieces: Piece[] = [];
    for (let from = 0; from < events || pieces.length === 0;) {
      const piece = this.#next(partition, from, events);
      pieces.push(piece);
      this.#passed(partition, piece.to - from);
      from = piece.to;
    }
    return pieces;
  }

  #next(partition: string, from: number, events: number): Piece {
    const { name, replays, bases } = this.#options;
    const nth = this.#came.get(partition) ?? 0;
    const apart = this.#apart.find((event) => event.partition === partition && event.from === nth);
    const count = Math.min(events - from, apart === undefined ? this.#most(partition, nth) : 1);
    const range = { source: name, partition, base: bases.get(partition) ?? 0, from: nth, count };
    const isIn = this.#range !== undefined && isWithin(this.#range, partition, nth);
    const isKnown = isIn && this.#range?.count === 1;
    const isSuspect = isIn || this.#given > 0 || apart !== undefined;
    return { from, to: from + count, range: replays ? range : undefined, isSuspect, isKnown, apart: apart?.reason };
  }

  /** How many events may come together with the `nth` of a partition, the next one. */
  #most(partition: string, nth: number): number {
    const starts = [...this.#apart, ...(this.#range === undefined ? [] : [this.#range])].filter(
      (each) => each.partition === partition && each.from > nth,
    );
    const untilNext = Math.min(Infinity, ...starts.map(({ from }) => from - nth));
    const range = this.#range;
    if (range !== undefined && isWithin(range, partition, nth)) {
      return Math.min(untilNext, pieceOf(range.from + range.count - nth));
    }
    return Math.min(untilNext, this.#given > 0 ? pieceOf(this.#given) : Infinity);
  }

  #passed(partition: string, count: number): void {
    const came = (this.#came.get(partition) ?? 0) + count;
    this.#came.set(partition, came);
    this.#given = Math.max(0, this.#given - count);
    const isToCome = (range: EventRange): boolean => range.partition !== partition || range.from + range.count > came;
    this.#apart = this.#apart.filter(isToCome);
    if (this.#range !== undefined && !isToCome(this.#range)) this.#range = undefined;
  }

  /** Counted from the same checkpoint: places of another one say nothing. */
  #isOwn({ source, partition, base }: EventRange): boolean {
    const { name, replays, bases } = this.#options;
    return replays && source === name && base === (bases.get(partition) ?? 0);
  }
}

const pieceOf = (left: number): number => Math.max(1, Math.floor(left / SHARE));

function isWithin(range: EventRange, partition: string, nth: number): boolean {
  return range.partition === partition && range.from <= nth && nth < range.from + range.count;
}
