/**
 * Tumbling and sliding windows over panes of gcd(size, every) ms: one update per event, and a
 * merge of a window's panes when it closes. A tumbling window is its only pane: nothing to merge.
 *
 * Invariants (window.test.ts)
 * - Every event is in the results, handed to the late port, or thrown back: never dropped.
 * - Results come by window end, then by pane, then by first appearance of the key in it.
 * - A window closes when the watermark reaches its end. An event for a closed window within
 *   `allowedLatenessMs` is added and that key's result emitted again, revision + 1. An event goes
 *   to the late port when no window takes it any more.
 * - Nothing depends on when `advance` is called, only on the watermark before each event.
 *
 * Memory: panes not yet past their last window's end + lateness, each (2 + columns) x 8 bytes for
 * every slot up to the highest key in it.
 */

import type { StateData, Stored } from '../../state/stored.ts';
import type { Collector, InlinePush, Key, TimeDomain } from '../operator.ts';
import { addToPane, HotPane, type HotPush, list, newPane, type Pane, PaneStore, type PaneStoreData } from './panes.ts';
import type { RowProgram, WindowFrame } from './rows.ts';
import { WindowOutput } from './window-output.ts';
import { type Arrival, checkTime, timeIn } from './window-time.ts';
import { greatestCommonDivisor } from './window-spec.ts';

export interface PaneWindowOptions {
  readonly sizeMs: number;
  readonly everyMs: number;
  readonly offsetMs: number;
  readonly allowedLatenessMs: number;
  readonly maxKeys: number;
  readonly maxOpenWindows: number;
  /** See Stored. */
  readonly shape: string;
}

export class PaneWindows implements Collector, Stored {
  readonly shape: string;
  readonly push: Collector['push'];
  readonly inline: InlinePush | undefined;
  readonly timeOf: (output: unknown) => number = endOf;
  readonly store: PaneStore;
  readonly hot: HotPane;
  readonly output: WindowOutput = new WindowOutput();
  readonly #options: PaneWindowOptions;
  readonly #program: RowProgram;
  readonly #time: TimeDomain;
  readonly #paneMs: number;
  /** One row per key, for merging the panes of a window. Empty between uses. */
  readonly #merged: Pane;
  readonly #frame: WindowFrame = { key: undefined, start: 0, end: 0, revision: 0 };
  /** Windows that end by then have been emitted, or were empty. */
  #firedThrough = -Infinity;
  #wakeMs = Infinity;

  constructor(
    options: PaneWindowOptions,
    program: RowProgram,
    makePush: (host: PaneWindows) => HotPush,
    time: TimeDomain,
  ) {
    this.shape = options.shape;
    this.#options = options;
    this.#program = program;
    this.#time = time;
    this.#paneMs = greatestCommonDivisor(options.sizeMs, options.everyMs);
    const full = (message: string): never => this.output.refuse(message);
    this.store = new PaneStore(program.definitions, { maxKeys: options.maxKeys, full });
    this.#merged = newPane(program.definitions);
    this.hot = new HotPane(this.#merged);
    ({ push: this.push, inline: this.inline } = makePush(this));
  }

  hold(eventMs: number): boolean {
    checkTime(eventMs);
    const { watermark } = this.#time;
    if (watermark >= this.#wakeMs) this.advance(watermark);
    if (watermark > this.#firedThrough) this.#firedThrough = watermark;
    const start = this.#paneStart(timeIn(this.#time, eventMs));
    if (this.#isTooLate(start, watermark)) return false;
    const pane = this.store.find(start) ?? this.#open(start, watermark);
    if (pane.isClosed) return false;
    this.hot.hold(pane);
    return true;
  }

  late(event: unknown, key: Key | undefined, keyId: number, eventMs: number): void {
    const { watermark } = this.#time;
    const start = this.#paneStart(timeIn(this.#time, eventMs));
    const pane = this.#isTooLate(start, watermark) ? undefined : this.store.find(start);
    if (pane === undefined) this.output.emitLate(event);
    else this.#addLate(pane, { event, key, keyId }, watermark);
  }

  advance(watermarkMs: number): void {
    this.hot.release();
    this.#fire(watermarkMs);
    this.#purge(watermarkMs);
    this.#wake();
  }

  end(): void {
    this.hot.release();
    this.#fire(Infinity);
    this.store.dropFirst(this.store.panes.length);
    this.#wakeMs = Infinity;
  }

  snapshot(): StateData {
    return { store: this.store.snapshot('a window'), firedThrough: this.#firedThrough };
  }

  restore(data: StateData): void {
    const { store, firedThrough } = data as { readonly store: PaneStoreData; readonly firedThrough: number };
    this.store.restore(store);
    this.#firedThrough = firedThrough;
    this.#wake();
  }

  counts(): Readonly<Record<string, number>> {
    const { late, revised, refused } = this.output;
    return { late, revised, refused, panes: this.store.panes.length, keys: this.store.index.size };
  }

  /** No window takes an event of this pane any more. */
  #isTooLate(paneStart: number, watermark: number): boolean {
    return this.#lastEnd(paneStart) + this.#options.allowedLatenessMs <= watermark;
  }

  #open(start: number, watermark: number): Pane {
    const { maxOpenWindows } = this.#options;
    if (this.store.panes.length >= maxOpenWindows) {
      this.output.refuse(
        `${maxOpenWindows} windows or panes are open (maxOpenWindows): is an event far ahead of its time?`,
      );
    }
    return this.#openAlways(start, watermark);
  }

  #openAlways(start: number, watermark: number): Pane {
    const pane = this.store.open({ start, until: start + this.#paneMs, closesAt: this.#firstEnd(start) });
    pane.isClosed = pane.closesAt <= watermark;
    this.#wake();
    return pane;
  }

  /** Adds to a pane of which some windows have closed, and emits again those that still take events. */
  #addLate(pane: Pane, arrival: Arrival, watermark: number): void {
    const { sizeMs, everyMs, allowedLatenessMs } = this.#options;
    const slot = this.store.slotOf(arrival.key, arrival.keyId);
    const ends: number[] = [];
    const revisions: number[] = [];
    const last = Math.min(this.#lastEnd(pane.start), watermark);
    for (let end = pane.closesAt; end <= last; end += everyMs) {
      if (end + allowedLatenessMs <= watermark) continue;
      ends.push(end);
      revisions.push(this.#has(slot, end) ? 1 : 0);
    }
    addToPane(this.store, this.#program, pane, slot, arrival.event);
    for (const [i, end] of ends.entries()) {
      this.#frameFor(end - sizeMs, end);
      this.#frame.revision = revisions[i] === 0 ? 0 : this.#nextRevision(slot, end);
      this.#emitSlot(slot);
    }
  }

  /** Whether a window has a result for a slot's key. */
  #has(slot: number, end: number): boolean {
    const { panes } = this.store;
    for (let i = this.store.indexOf(end - this.#options.sizeMs); i < panes.length; i += 1) {
      const pane = panes[i] as Pane;
      if (pane.start >= end) break;
      if (slot < pane.rows.counts.length && pane.rows.counts[slot] !== 0) return true;
    }
    return false;
  }

  /** Kept with the last pane of the window, which lives as long as the window takes events. */
  #nextRevision(slot: number, end: number): number {
    const start = end - this.#paneMs;
    const pane = this.store.find(start) ?? this.#openAlways(start, Infinity);
    const revisions = (pane.revisions ??= new Map<number, number>());
    const revision = (revisions.get(slot) ?? 0) + 1;
    revisions.set(slot, revision);
    return revision;
  }

  #fire(watermarkMs: number): void {
    for (let end = this.#nextEnd(); end <= watermarkMs && end < Infinity; end = this.#nextEnd()) {
      this.#firedThrough = end;
      this.#emitWindow(end);
    }
    if (watermarkMs > this.#firedThrough) this.#firedThrough = watermarkMs;
    for (const pane of this.store.panes) {
      if (pane.closesAt > watermarkMs) break;
      pane.isClosed = true;
    }
  }

  /** End of the first window that is still to be emitted and has a pane; Infinity when there is none. */
  #nextEnd(): number {
    const fired = this.#firedThrough;
    for (const pane of this.store.panes) {
      if (this.#lastEnd(pane.start) > fired) return fired < pane.closesAt ? pane.closesAt : this.#endAfter(fired);
    }
    return Infinity;
  }

  #emitWindow(end: number): void {
    const { sizeMs } = this.#options;
    this.#frameFor(end - sizeMs, end);
    const { panes } = this.store;
    const first = this.store.indexOf(end - sizeMs);
    if (this.#paneMs === sizeMs) {
      this.#emitRows(panes[first] as Pane);
      return;
    }
    for (let i = first; i < panes.length && (panes[i] as Pane).start < end; i += 1) this.#mergePane(panes[i] as Pane);
    this.#emitRows(this.#merged);
    this.#clearMerged();
  }

  #emitRows(pane: Pane): void {
    for (let i = 0; i < pane.size; i += 1) {
      const slot = pane.order[i] as number;
      if (Number.isNaN(pane.rows.counts[slot])) continue; // its merge failed
      this.#frame.key = this.store.keyAt(slot);
      this.output.emit(this.#program, pane.rows, slot, this.#frame);
    }
  }

  /** Emits the window of the frame for one key. */
  #emitSlot(slot: number): void {
    this.#frame.key = this.store.keyAt(slot);
    const { panes } = this.store;
    const { start, end } = this.#frame;
    const first = this.store.indexOf(start);
    if (this.#paneMs === end - start) {
      this.output.emit(this.#program, (panes[first] as Pane).rows, slot, this.#frame);
      return;
    }
    for (let i = first; i < panes.length && (panes[i] as Pane).start < end; i += 1) {
      const { rows } = panes[i] as Pane;
      if (slot < rows.counts.length && rows.counts[slot] !== 0) this.#mergeRow(panes[i] as Pane, slot);
    }
    this.#emitRows(this.#merged);
    this.#clearMerged();
  }

  #mergePane(pane: Pane): void {
    for (let i = 0; i < pane.size; i += 1) this.#mergeRow(pane, pane.order[i] as number);
  }

  #mergeRow(pane: Pane, slot: number): void {
    const merged = this.#merged;
    if (slot >= merged.rows.counts.length) merged.rows.grow(slot);
    if (Number.isNaN(merged.rows.counts[slot])) return;
    if (merged.rows.counts[slot] === 0) list(merged, slot);
    try {
      this.#program.merge(merged.rows, slot, pane.rows, slot);
    } catch (cause) {
      this.#frame.key = this.store.keyAt(slot);
      this.output.failIn(this.#frame, cause);
      merged.rows.counts[slot] = Number.NaN;
    }
  }

  #clearMerged(): void {
    const merged = this.#merged;
    for (let i = 0; i < merged.size; i += 1) merged.rows.clear(merged.order[i] as number);
    merged.size = 0;
  }

  #purge(watermarkMs: number): void {
    const { panes } = this.store;
    let past = 0;
    while (past < panes.length && this.#purgeAt(panes[past] as Pane) <= watermarkMs) past += 1;
    if (past > 0) this.store.dropFirst(past);
  }

  /** Asks to be called when the next window closes or the next pane is past. */
  #wake(): void {
    const first = this.store.panes[0];
    this.#wakeMs = first === undefined ? Infinity : Math.min(this.#nextEnd(), this.#purgeAt(first));
    if (this.#wakeMs < Infinity) this.#time.wakeAt(this.#wakeMs);
  }

  #purgeAt(pane: Pane): number {
    return this.#lastEnd(pane.start) + this.#options.allowedLatenessMs;
  }

  #frameFor(start: number, end: number): void {
    this.#frame.start = start;
    this.#frame.end = end;
    this.#frame.revision = 0;
  }

  #paneStart(timeMs: number): number {
    const { offsetMs } = this.#options;
    // Whole milliseconds first: the quotient of integers rounds to the right side.
    return Math.floor((Math.floor(timeMs) - offsetMs) / this.#paneMs) * this.#paneMs + offsetMs;
  }

  /** End of the first window that holds a pane. */
  #firstEnd(paneStart: number): number {
    return this.#endAfter(paneStart + this.#paneMs - 1);
  }

  /** End of the last window that holds a pane. */
  #lastEnd(paneStart: number): number {
    const { everyMs, offsetMs, sizeMs } = this.#options;
    return Math.floor((paneStart - offsetMs) / everyMs) * everyMs + offsetMs + sizeMs;
  }

  /** The first window end after a time. */
  #endAfter(timeMs: number): number {
    const { everyMs, offsetMs, sizeMs } = this.#options;
    const base = offsetMs + sizeMs;
    return (Math.floor((Math.floor(timeMs) - base) / everyMs) + 1) * everyMs + base;
  }
}

/** The last millisecond of a window's result. */
export function endOf(output: unknown): number {
  return (output as { readonly end: number }).end - 1;
}
