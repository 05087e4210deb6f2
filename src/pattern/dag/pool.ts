import { Configurations } from './configuration.ts';
import { DagEngine } from './engine.ts';
import type { Numbering } from '../numbered.ts';
import { NodeArena, type Roots } from './node-arena.ts';
import { Partitions } from './partitions.ts';
import type { Shape } from './shape.ts';

/** Engines that are remembered for programs to come; those of a set are few. */
const MAX_ENGINES = 1024;

/**
 * What the DAG programs of a set share, so that an event which concerns a thousand of them finds it in few places: one engine
 * for all patterns of a shape and a window, and the nodes and partitions of all whose windows are about as long.
 */
export class DagPool<E> {
  readonly #engines = new Map<string, DagEngine<E>>();
  readonly #spaces = new Map<number, DagSpace<E>>();

  /** @param withinMs - Infinity: without a window */
  engineFor(shape: Shape, withinMs: number): DagEngine<E> {
    const key = `${withinMs} ${JSON.stringify(shape)}`;
    let engine = this.#engines.get(key);
    if (engine === undefined) {
      engine = new DagEngine(new Configurations(shape), this.#spaceFor(withinMs), withinMs);
      if (this.#engines.size >= MAX_ENGINES) this.#engines.clear();
      this.#engines.set(key, engine);
    }
    return engine;
  }

  /** All there is. */
  get spaces(): Iterable<DagSpace<E>> {
    return this.#spaces.values();
  }

  #spaceFor(withinMs: number): DagSpace<E> {
    const size = Math.ceil(Math.log2(withinMs));
    let space = this.#spaces.get(size);
    if (space === undefined) {
      space = new DagSpace<E>(2 ** size);
      this.#spaces.set(size, space);
    }
    return space;
  }
}

/** Nodes and partitions of programs whose windows are at most so long, and more than half as long. */
export class DagSpace<E> implements Roots, Numbering {
  readonly arena: NodeArena<E> = new NodeArena<E>(this);
  readonly partitions: Partitions = new Partitions();
  readonly #withinMs: number;
  #nowMs = -Infinity;
  /** When memory is looked at: once a window, so that it costs no more than what was made meanwhile. */
  #reviewMs = -Infinity;

  constructor(withinMs: number) {
    this.#withinMs = withinMs;
  }

  /** Event time is `ts` now, for all of them. */
  passTo(ts: number): void {
    if (ts <= this.#nowMs) return;
    this.#nowMs = ts;
    if (ts < this.#reviewMs) return;
    this.#reviewMs = ts + this.#withinMs;
    this.arena.giveBack();
  }

  compact(): Int32Array | undefined {
    const moved = this.partitions.compact();
    if (moved !== undefined || this.partitions.isIdle) this.arena.giveBack();
    return moved;
  }

  /** What started then or earlier is over, however long the window. */
  get overUntil(): number {
    return this.#nowMs - this.#withinMs;
  }

  eachRoot(keep: (node: number) => number): void {
    this.partitions.each(keep);
  }
}
