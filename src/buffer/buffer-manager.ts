/**
 * Sizes the edges: the guide's buffer manager.
 *
 * An edge starts with `min(availableParallelism * 1000, cpus * 2000)` events (capacity.ts). From then on it holds
 * what its stage drains within its share of the latency target, at least two calls' worth: less would starve
 * the stage, more is waiting time. Both bounds, events and bytes, follow from measured bytes per event, and all
 * edges together stay within a budget of bytes. Memory that runs short shrinks them by bands (memory-band.ts).
 *
 * Invariants (buffer-manager.test.ts)
 * - Events >= 1, bytes >= 1; the sum of all bytes <= the budget, unless users fixed more.
 * - A size changes only if it differs by more than a quarter, or memory demands it; it at most doubles per step.
 * - What a user fixed stays, in every band but those that admit nothing.
 *
 * Cost: about 1 us per edge and call. Pure but for what it remembers; no clock, no I/O.
 * Source: Flink's buffer debloating (throughput x target, changes under 25 % ignored, growth capped at 2x).
 */

import { objectOfOptions } from '../errors/declared.ts';
import { coldStartCapacity, type Parallelism } from './capacity.ts';
import type { EdgeCapacity } from './edge.ts';
import { memoryBand, sizeFactor, type MemoryBand } from './memory-band.ts';

export interface BufferManagerOptions extends Parallelism {
  /** Bytes that all edges together may hold. Default 64 MiB. */
  readonly memoryBytes?: number;
}

/** What one edge did since the last call, and what is asked of it. */
export interface EdgeLoad {
  readonly edge: string;
  /** Events that its stage could take away per second. */
  readonly drainPerSecond: number;
  /** Time that an event may wait in this edge, ms. */
  readonly budgetMs: number;
  /** Most events per call. */
  readonly batch: number;
  readonly backlogEvents: number;
  readonly backlogBytes: number;
  /** Events that the stage's own controller asks for; it knows better than the drain rate what it needs. */
  readonly wishEvents?: number | undefined;
}

/** Sizes that a user fixed. */
export interface FixedSizes {
  readonly events?: number | undefined;
  readonly bytes?: number | undefined;
}

export interface EdgeGrant extends EdgeCapacity {
  readonly edge: string;
  /** One plain sentence. */
  readonly reason: string;
}

interface Sized {
  readonly fixed: FixedSizes;
  capacity: EdgeCapacity;
  /** The most events that bytes and memory allow, whatever is wished. */
  maxEvents: number;
  bytesPerEvent: number | undefined;
}

const DEFAULT_MEMORY_BYTES = 64 * 1024 * 1024;
/** Before anything is measured: a few thousand events of ordinary size. */
const COLD_BYTES = 16 * 1024 * 1024;
/** Calls' worth that an edge holds at least: one to take while the next gathers. */
const CALLS_HELD = 2;
/** Events differ in size; the bound in bytes is met before the one in events only by unusual ones. */
const BYTES_MARGIN = 4;
/** The least bound in bytes: a single larger event still passes, since a full edge takes the batch in hand. */
const LEAST_BYTES = 64 * 1024;
const IGNORED_CHANGE = 0.25;
const LARGEST_GROWTH = 2;
/** Weight of the newest figure of bytes per event. */
const NEWEST = 0.3;

/**
 * @example
 * const buffers = new BufferManager({ availableParallelism: 4, cpus: 4 });
 * buffers.add('orders'); // { edgeEvents: 4000, edgeBytes: 16777216 }
 * const load = { edge: 'orders', drainPerSecond: 50_000, budgetMs: 20, batch: 100, backlogEvents: 0, backlogBytes: 0 };
 * buffers.adjust([load], 0.4); // one change: edgeEvents 1000, what drains in 20 ms
 */
export class BufferManager {
  readonly #coldEvents: number;
  readonly #edges = new Map<string, Sized>();
  #memoryBytes: number;
  #band: MemoryBand = 'free';

  constructor(options: BufferManagerOptions) {
    objectOfOptions(options, 'BufferManager');
    this.#coldEvents = coldStartCapacity(options);
    this.#memoryBytes = options.memoryBytes ?? DEFAULT_MEMORY_BYTES;
  }

  /** Where memory stands, as of the last call of `adjust`. */
  get band(): MemoryBand {
    return this.#band;
  }

  /** Bytes that all edges together may hold; a lower figure takes effect with the next call of `adjust`. */
  set memoryBytes(bytes: number) {
    this.#memoryBytes = bytes;
  }

  /** Takes an edge in, or fixes other sizes of it. @returns its size until the next call of `adjust` */
  add(edge: string, fixed: FixedSizes = {}, start: Partial<EdgeCapacity> = {}): EdgeCapacity {
    const known = this.#edges.get(edge);
    const capacity = {
      edgeEvents: fixed.events ?? start.edgeEvents ?? known?.capacity.edgeEvents ?? this.#coldEvents,
      edgeBytes: fixed.bytes ?? start.edgeBytes ?? known?.capacity.edgeBytes ?? COLD_BYTES,
    };
    this.#edges.set(edge, { fixed, capacity, maxEvents: Infinity, bytesPerEvent: known?.bytesPerEvent });
    return capacity;
  }

  /** @throws RangeError when no edge is called so */
  capacity(edge: string): EdgeCapacity {
    return this.#sized(edge).capacity;
  }

  /** The most events that bytes and memory allow in an edge, whatever its stage asks for; Infinity while nothing is known. */
  maxEvents(edge: string): number {
    return this.#sized(edge).maxEvents;
  }

  /**
   * Sizes the edges anew, to be called every 200 ms to 1 s.
   * @param memoryRatio - memory in use over what may be used, 0..1; null = unknown
   * @returns the edges whose size changed
   */
  adjust(loads: readonly EdgeLoad[], memoryRatio: number | null): EdgeGrant[] {
    this.#band = memoryBand(memoryRatio, this.#band);
    const factor = sizeFactor(memoryRatio, this.#band);
    const grants: EdgeGrant[] = [];
    for (const load of loads) {
      const sized = this.#sized(load.edge);
      sized.bytesPerEvent = newer(sized.bytesPerEvent, load);
      const next = factor === 0 ? this.#nothing(load) : this.#size(sized, load, factor);
      sized.maxEvents = this.#band === 'free' ? this.#room(sized) : Math.min(this.#room(sized), next.edgeEvents);
      const { edgeEvents, edgeBytes } = next;
      if (edgeEvents === sized.capacity.edgeEvents && edgeBytes === sized.capacity.edgeBytes) continue;
      sized.capacity = { edgeEvents, edgeBytes };
      grants.push(next);
    }
    return grants;
  }

  /** Full with the first event that waits: writers go on only as calls start. */
  #nothing({ edge }: EdgeLoad): EdgeGrant {
    const reason = 'memory is short, nothing is taken in beyond what is in flight';
    return { edge, edgeEvents: 1, edgeBytes: 1, reason };
  }

  #size(sized: Sized, load: EdgeLoad, factor: number): EdgeGrant {
    const { fixed, capacity, bytesPerEvent } = sized;
    const how = { mayGrow: this.#band === 'free', factor };
    const share = this.#byteShare;
    const room = this.#room(sized);
    const law = Math.max(CALLS_HELD * load.batch, (load.drainPerSecond / 1000) * load.budgetMs);
    const wanted = Math.max(1, Math.ceil((load.wishEvents ?? law) * factor));
    const edgeEvents = fixed.events ?? moved(capacity.edgeEvents, Math.min(wanted, room), how);
    const wantedBytes =
      bytesPerEvent === undefined
        ? COLD_BYTES * factor
        : Math.max(LEAST_BYTES, edgeEvents * bytesPerEvent * BYTES_MARGIN);
    const bytes = Math.max(1, Math.min(share, Math.ceil(wantedBytes)));
    const edgeBytes = fixed.bytes ?? (capacity.edgeBytes > share ? bytes : moved(capacity.edgeBytes, bytes, how));
    return { edge: load.edge, edgeEvents, edgeBytes, reason: reasonOf(load, factor, room < wanted) };
  }

  get #byteShare(): number {
    return Math.max(1, Math.floor(this.#memoryBytes / this.#edges.size));
  }

  #room({ bytesPerEvent }: Sized): number {
    return bytesPerEvent === undefined ? Infinity : Math.max(1, Math.floor(this.#byteShare / bytesPerEvent));
  }

  #sized(edge: string): Sized {
    const sized = this.#edges.get(edge);
    if (sized === undefined) throw new RangeError(`no edge named ${edge}`);
    return sized;
  }
}

/** From one size to the next: small differences are ignored, growth is stepwise, and none while memory is held. */
function moved(from: number, to: number, { mayGrow, factor }: { mayGrow: boolean; factor: number }): number {
  if (to > from) return mayGrow && to > from * (1 + IGNORED_CHANGE) ? Math.min(to, from * LARGEST_GROWTH) : from;
  const mustShrink = factor < 1;
  return mustShrink || to < from * (1 - IGNORED_CHANGE) ? to : from;
}

function newer(before: number | undefined, { backlogEvents, backlogBytes }: EdgeLoad): number | undefined {
  if (backlogEvents === 0 || backlogBytes === 0) return before;
  const now = backlogBytes / backlogEvents;
  return before === undefined ? now : before + NEWEST * (now - before);
}

function reasonOf({ wishEvents }: EdgeLoad, factor: number, isShortOfRoom: boolean): string {
  if (factor < 1) return 'memory is short';
  if (isShortOfRoom) return 'large events: no more fit into the bytes that edges may hold';
  return wishEvents === undefined
    ? 'holds what drains within its share of the latency target'
    : 'its stage asks for it';
}
