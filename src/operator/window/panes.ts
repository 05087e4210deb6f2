/**
 * Panes: disjoint stretches of time, each with a row of accumulators per key that occurred in it.
 *
 * Invariants (window.test.ts)
 * - All panes share one key index, so a key that stays costs one insertion for the life of the run.
 * - A slot is released once no pane has held its key for one whole purge to the next, never while
 *   one does. Memory follows the keys of open panes plus those of the last ones closed.
 * - `panes` is sorted by start; a pane's `order` lists its keys by first appearance in it.
 */

import { grownInts, INITIAL_SLOTS } from '../../state/columns.ts';
import { type IndexData, KeyIndex } from '../../state/key-index.ts';
import type { AggregateDefinition } from '../aggregate/aggregate.ts';
import type { Collector, InlinePush, Key } from '../operator.ts';
import { packRows, type RowsData, unpackRows } from './row-state.ts';
import { type RowColumn, type RowProgram, Rows } from './rows.ts';

export interface Pane {
  start: number;
  /** Exclusive end. */
  until: number;
  /** End of the first window that holds it: from then on its events are late for some window. */
  closesAt: number;
  /** The watermark has reached `closesAt`. */
  isClosed: boolean;
  readonly rows: Rows;
  order: Int32Array;
  /** Keys in `order`. */
  size: number;
  /** How often the result of a slot was emitted again; only for the late events of a closed pane. */
  revisions: Map<number, number> | undefined;
}

/** The pane at hand: its events are added without asking anyone. */
export class HotPane {
  /** Its span; empty while no pane is at hand. */
  from: number = Infinity;
  until: number = -Infinity;
  pane: Pane;
  counts: Float64Array;
  columns: readonly RowColumn[];

  /** @param pane - any, so that the arrays are of their kinds from the start */
  constructor(pane: Pane) {
    this.pane = pane;
    this.counts = pane.rows.counts;
    this.columns = pane.rows.columns;
  }

  hold(pane: Pane): void {
    this.pane = pane;
    this.from = pane.start;
    this.until = pane.until;
    this.counts = pane.rows.counts;
    this.columns = pane.rows.columns;
  }

  /** Makes room for a row. */
  grow(slot: number): void {
    this.pane.rows.grow(slot);
    this.counts = this.pane.rows.counts;
    this.columns = this.pane.rows.columns;
  }

  /** The pane at hand closes or changes: the next event asks its window again. */
  release(): void {
    this.from = Infinity;
    this.until = -Infinity;
  }
}

/** What the hot path asks of its window. */
export interface PaneHost {
  readonly store: PaneStore;
  readonly hot: HotPane;
  /** Makes the open pane of a time the hot one. @returns false when there is none: then `late` must follow. @throws RangeError */
  hold(timeMs: number): boolean;
  /** An event whose pane is not open any more. */
  late(event: unknown, key: Key | undefined, keyId: number, timeMs: number): void;
}

/** How events are added to the hot pane. */
export interface HotPush {
  readonly push: Collector['push'];
  readonly inline: InlinePush | undefined;
}

/** Panes kept for reuse: enough for the steady state of one closing while the next opens. */
const SPARE_PANES = 4;
/** A spare with more rows than this is let go, so that one burst of keys is not paid for ever. */
const SPARE_ROWS = 65_536;
/** Purges are numbered in a circle, so that the number fits its column however long a run lasts. */
const PURGE_MASK = 2 ** 30 - 1;

interface PaneData extends Pick<Pane, 'start' | 'until' | 'closesAt' | 'isClosed' | 'revisions'> {
  /** By first appearance. */
  readonly slots: readonly number[];
  readonly rows: RowsData;
}

export interface PaneStoreData {
  readonly index: IndexData;
  readonly panes: readonly PaneData[];
  /** By slot; of earlier versions longer than the index. */
  readonly idleSince: Int32Array;
  readonly idle: readonly [readonly number[], readonly number[]];
  readonly purge: number;
}

export class PaneStore {
  readonly index: KeyIndex = new KeyIndex();
  readonly panes: Pane[] = [];
  readonly #definitions: readonly AggregateDefinition[];
  readonly #maxKeys: number;
  readonly #full: (message: string) => never;
  readonly #spare: Pane[] = [];
  /** Panes that hold a slot's key. */
  #holders: Int32Array = new Int32Array(INITIAL_SLOTS);
  /** Purge number at which a slot was last seen without a holder. */
  #idleSince: Int32Array = new Int32Array(INITIAL_SLOTS);
  #idleBefore: number[] = [];
  #idleNow: number[] = [];
  #purge = 0;

  constructor(
    definitions: readonly AggregateDefinition[],
    bounds: { readonly maxKeys: number; readonly full: (message: string) => never },
  ) {
    this.#definitions = definitions;
    this.#maxKeys = bounds.maxKeys;
    this.#full = bounds.full;
  }

  find(start: number): Pane | undefined {
    const at = this.indexOf(start);
    const pane = this.panes[at];
    return pane?.start === start ? pane : undefined;
  }

  /** Position of the first pane that starts at or after a time. */
  indexOf(start: number): number {
    let low = 0;
    let high = this.panes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.panes[middle] as Pane).start < start) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Adds an empty pane. Only when there is none with this start. */
  open(span: { readonly start: number; readonly until: number; readonly closesAt: number }): Pane {
    const pane = this.#spare.pop() ?? newPane(this.#definitions);
    pane.start = span.start;
    pane.until = span.until;
    pane.closesAt = span.closesAt;
    pane.isClosed = false;
    this.panes.splice(this.indexOf(span.start), 0, pane);
    return pane;
  }

  slotOf(key: Key | undefined, keyId: number): number {
    const slot = this.index.find(key, keyId);
    return slot >= 0 ? slot : this.#insert(key, keyId);
  }

  /** A key's first event in a pane. @throws RangeError when the pane holds `maxKeys` keys */
  enter(pane: Pane, slot: number): void {
    this.checkRoom(pane);
    list(pane, slot);
    (this.#holders[slot] as number) += 1;
  }

  /** @throws RangeError when the pane holds `maxKeys` keys */
  checkRoom(pane: Pane): void {
    if (pane.size >= this.#maxKeys) this.#full(`a window holds its maximum of ${this.#maxKeys} keys (maxKeys)`);
  }

  keyAt(slot: number): Key | undefined {
    return this.index.keys[slot] as Key | undefined;
  }

  /** Drops the first `count` panes and releases the keys that have been without one for long enough. */
  dropFirst(count: number): void {
    for (const pane of this.panes.splice(0, count)) this.#clear(pane);
    const before = (this.#purge - 1) & PURGE_MASK;
    for (const slot of this.#idleBefore) {
      if (this.#holders[slot] !== 0 || this.#idleSince[slot] !== before) continue;
      this.#idleSince[slot] = -1; // it may be listed twice
      this.index.release(slot);
    }
    this.#purge = (this.#purge + 1) & PURGE_MASK;
    this.#idleBefore = this.#idleNow;
    this.#idleNow = [];
  }

  /** @param path - of the operator, for messages */
  snapshot(path: string): PaneStoreData {
    return {
      index: this.index.snapshot(),
      panes: this.panes.map((pane) => this.#packed(pane, path)),
      idleSince: this.#idleSince.slice(0, this.index.keys.length),
      idle: [[...this.#idleBefore], [...this.#idleNow]],
      purge: this.#purge,
    };
  }

  /** Only on a new store; panes that it has already are dropped. */
  restore(data: PaneStoreData): void {
    this.index.restore(data.index);
    const slots = this.index.keys.length;
    this.#holders = grownInts(this.#holders, slots, 0);
    this.#idleSince = grownInts(this.#idleSince, slots, 0);
    this.#idleSince.set(data.idleSince.subarray(0, slots));
    [this.#idleBefore, this.#idleNow] = [[...data.idle[0]], [...data.idle[1]]];
    this.#purge = data.purge;
    this.panes.length = 0;
    for (const packed of data.panes) this.panes.push(this.#unpacked(packed));
  }

  #packed({ start, until, closesAt, isClosed, rows, order, size, revisions }: Pane, path: string): PaneData {
    const slots = [...order.subarray(0, size)];
    const revised = revisions === undefined ? undefined : new Map(revisions);
    const packed = packRows(rows, this.#definitions, slots, path);
    return { start, until, closesAt, isClosed, slots, rows: packed, revisions: revised };
  }

  #unpacked({ slots, rows, revisions, ...span }: PaneData): Pane {
    const pane = Object.assign(newPane(this.#definitions), span);
    for (const slot of slots) {
      list(pane, slot);
      (this.#holders[slot] as number) += 1;
    }
    unpackRows(pane.rows, this.#definitions, slots, rows);
    pane.revisions = revisions;
    return pane;
  }

  #insert(key: Key | undefined, keyId: number): number {
    const slot = this.index.insert(key, keyId);
    if (slot >= this.#holders.length) {
      this.#holders = grownInts(this.#holders, slot, 0);
      this.#idleSince = grownInts(this.#idleSince, slot, 0);
    }
    this.#idle(slot); // until a pane holds it: user code may still refuse the event
    return slot;
  }

  #clear(pane: Pane): void {
    for (let i = 0; i < pane.size; i += 1) {
      const slot = pane.order[i] as number;
      pane.rows.clear(slot);
      (this.#holders[slot] as number) -= 1;
      if (this.#holders[slot] === 0) this.#idle(slot);
    }
    pane.size = 0;
    pane.revisions = undefined;
    if (this.#spare.length < SPARE_PANES && pane.rows.counts.length <= SPARE_ROWS) this.#spare.push(pane);
  }

  #idle(slot: number): void {
    this.#idleSince[slot] = this.#purge;
    this.#idleNow.push(slot);
  }
}

/** Appends a slot to the order of a pane. */
export function list(pane: Pane, slot: number): void {
  if (pane.size >= pane.order.length) pane.order = grownInts(pane.order, pane.size, 0);
  pane.order[pane.size] = slot;
  pane.size += 1;
}

/** The hot path without generated code. */
export function interpretHotPush(program: RowProgram, host: PaneHost): HotPush {
  const { hot, store } = host;
  const push: Collector['push'] = (event, key, keyId, timeMs) => {
    if (!(timeMs >= hot.from && timeMs < hot.until) && !host.hold(timeMs)) {
      host.late(event, key, keyId, timeMs);
      return;
    }
    const slot = store.slotOf(key, keyId);
    if (slot >= hot.counts.length) hot.grow(slot);
    addToPane(store, program, hot.pane, slot, event);
  };
  return { push, inline: undefined };
}

/** Adds an event to the row of a slot. Throws before it has changed anything. */
export function addToPane(store: PaneStore, program: RowProgram, pane: Pane, slot: number, event: unknown): void {
  const { rows } = pane;
  if (slot >= rows.counts.length) rows.grow(slot);
  const fresh = rows.counts[slot] === 0;
  if (fresh) store.checkRoom(pane);
  program.add(rows, slot, event);
  if (fresh) store.enter(pane, slot);
}

export function newPane(definitions: readonly AggregateDefinition[]): Pane {
  return {
    start: 0,
    until: 0,
    closesAt: 0,
    isClosed: false,
    rows: new Rows(definitions),
    order: new Int32Array(16),
    size: 0,
    revisions: undefined,
  };
}
