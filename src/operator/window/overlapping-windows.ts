/**
 * Sliding windows whose accumulators cannot be merged: each window is kept apart, so an event costs
 * size / every updates. Also for the events themselves, whose bound is per window.
 *
 * Invariants: those of pane-windows.ts; order within a window is exactly by first appearance.
 */

import type { StateData, Stored } from '../../state/stored.ts';
import type { Collector, Key, TimeDomain } from '../operator.ts';
import { addToPane, type Pane, PaneStore, type PaneStoreData } from './panes.ts';
import { endOf, type PaneWindowOptions } from './pane-windows.ts';
import type { RowProgram, WindowFrame } from './rows.ts';
import { mostEvents, rejectEvent } from './row-program.ts';
import { WindowOutput } from './window-output.ts';
import { checkTime, timeIn } from './window-time.ts';

export class OverlappingWindows implements Collector, Stored {
  readonly shape: string;
  readonly timeOf: (output: unknown) => number = endOf;
  readonly output: WindowOutput = new WindowOutput();
  readonly #options: PaneWindowOptions;
  readonly #program: RowProgram;
  readonly #time: TimeDomain;
  /** One pane per window. */
  readonly #store: PaneStore;
  readonly #frame: WindowFrame = { key: undefined, start: 0, end: 0, revision: 0 };
  readonly #maxEvents: number;
  /** Windows of the event at hand. */
  readonly #at: Pane[] = [];
  #wakeMs = Infinity;

  constructor(options: PaneWindowOptions, program: RowProgram, time: TimeDomain) {
    this.shape = options.shape;
    this.#options = options;
    this.#program = program;
    this.#time = time;
    const full = (message: string): never => this.output.refuse(message);
    this.#store = new PaneStore(program.definitions, { maxKeys: options.maxKeys, full });
    this.#maxEvents = mostEvents(program.definitions);
  }

  push(event: unknown, key: Key | undefined, keyId: number, eventMs: number): void {
    checkTime(eventMs);
    const { watermark } = this.#time;
    if (watermark >= this.#wakeMs) this.advance(watermark);
    if (!this.#gather(timeIn(this.#time, eventMs), watermark)) {
      this.output.emitLate(event);
      return;
    }
    const slot = this.#store.slotOf(key, keyId);
    for (const pane of this.#at) this.#check(pane, slot);
    for (const pane of this.#at) {
      addToPane(this.#store, this.#program, pane, slot, event);
      if (pane.isClosed) this.#emitAgain(pane, slot);
    }
  }

  advance(watermarkMs: number): void {
    for (const pane of this.#store.panes) {
      if (pane.closesAt > watermarkMs) break;
      if (!pane.isClosed) this.#emitPane(pane);
    }
    let past = 0;
    const { panes } = this.#store;
    while (past < panes.length && this.#purgeAt(panes[past] as Pane) <= watermarkMs) past += 1;
    if (past > 0) this.#store.dropFirst(past);
    this.#wake();
  }

  end(): void {
    for (const pane of this.#store.panes) if (!pane.isClosed) this.#emitPane(pane);
    this.#store.dropFirst(this.#store.panes.length);
    this.#wakeMs = Infinity;
  }

  snapshot(): StateData {
    return this.#store.snapshot('a window');
  }

  restore(data: StateData): void {
    this.#store.restore(data as PaneStoreData);
    this.#wake();
  }

  counts(): Readonly<Record<string, number>> {
    const { late, revised, refused } = this.output;
    return { late, revised, refused, panes: this.#store.panes.length, keys: this.#store.index.size };
  }

  /** Finds or opens the windows that take an event of this time; false when none does. */
  #gather(timeMs: number, watermark: number): boolean {
    const { sizeMs, everyMs, offsetMs, allowedLatenessMs, maxOpenWindows } = this.#options;
    const last = Math.floor((Math.floor(timeMs) - offsetMs) / everyMs) * everyMs + offsetMs;
    this.#at.length = 0;
    for (let start = last; start + sizeMs > timeMs; start -= everyMs) {
      if (start + sizeMs + allowedLatenessMs <= watermark) break;
      let pane = this.#store.find(start);
      if (pane === undefined) {
        if (this.#store.panes.length >= maxOpenWindows) {
          this.output.refuse(`${maxOpenWindows} windows are open (maxOpenWindows): is an event far ahead of its time?`);
        }
        pane = this.#store.open({ start, until: start + sizeMs, closesAt: start + sizeMs });
        pane.isClosed = pane.closesAt <= watermark;
        this.#wake();
      }
      this.#at.push(pane);
    }
    this.#at.reverse();
    return this.#at.length > 0;
  }

  /** All windows have room before the first of them takes the event. */
  #check(pane: Pane, slot: number): void {
    const count = pane.rows.counts[slot] ?? 0;
    if (count === 0) this.#store.checkRoom(pane);
    else if (count >= this.#maxEvents) rejectEvent(this.#maxEvents);
  }

  #emitPane(pane: Pane): void {
    pane.isClosed = true;
    for (let i = 0; i < pane.size; i += 1) this.#emit(pane, pane.order[i] as number, 0);
  }

  /** A late event's result. It is the first one when the key is new to the window. */
  #emitAgain(pane: Pane, slot: number): void {
    const revisions = (pane.revisions ??= new Map<number, number>());
    const isFirst = pane.rows.counts[slot] === 1;
    const revision = isFirst ? 0 : (revisions.get(slot) ?? 0) + 1;
    revisions.set(slot, revision);
    this.#emit(pane, slot, revision);
  }

  #emit(pane: Pane, slot: number, revision: number): void {
    this.#frame.start = pane.start;
    this.#frame.end = pane.closesAt;
    this.#frame.revision = revision;
    this.#frame.key = this.#store.keyAt(slot);
    this.output.emit(this.#program, pane.rows, slot, this.#frame);
  }

  #wake(): void {
    const unfired = this.#store.panes.find((pane) => !pane.isClosed);
    const first = this.#store.panes[0];
    this.#wakeMs = Math.min(unfired?.closesAt ?? Infinity, first === undefined ? Infinity : this.#purgeAt(first));
    if (this.#wakeMs < Infinity) this.#time.wakeAt(this.#wakeMs);
  }

  #purgeAt(pane: Pane): number {
    return pane.closesAt + this.#options.allowedLatenessMs;
  }
}
