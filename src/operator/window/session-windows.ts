/**
 * Session windows: per key, events less than a gap apart. A session runs from its first event to
 * the last one plus the gap; one event may join two sessions.
 *
 * Invariants (window.test.ts)
 * - Open sessions of a key neither overlap nor touch: `[start, end)` intervals with end = last + gap.
 * - Results come by session end, then by first appearance of the session.
 * - `revision` counts the results of a session; joining sessions takes the larger one, and a session
 *   that a late event extends or joins is emitted again with the next one.
 * - An event that would end up in a session past its lateness goes to the late port.
 *
 * Cost: a push is O(open sessions of the key), usually 1; a close O(log sessions).
 */

import { DueQueue } from '../../state/due-queue.ts';
import { type IndexData, KeyIndex } from '../../state/key-index.ts';
import type { StateData, Stored } from '../../state/stored.ts';
import type { Collector, Key, TimeDomain } from '../operator.ts';
import { endOf } from './pane-windows.ts';
import { mostEvents, rejectEvent } from './row-program.ts';
import { packRows, type RowsData, unpackRows } from './row-state.ts';
import { type RowProgram, Rows, type WindowFrame } from './rows.ts';
import { WindowOutput } from './window-output.ts';
import { checkTime, timeIn } from './window-time.ts';

export interface SessionOptions {
  readonly gapMs: number;
  readonly allowedLatenessMs: number;
  readonly maxKeys: number;
  /** Open sessions of one key; more can only come of events far apart and far out of order. */
  readonly maxSessionsPerKey: number;
  /** See Stored. */
  readonly shape: string;
}

/** One open session. Its accumulators are row `row` of the rows. */
interface Session {
  readonly row: number;
  readonly slot: number;
  start: number;
  /** Time of the last event plus the gap. */
  end: number;
  /** Order of first appearance. */
  order: number;
  /** Revision of its last result; -1 before the first. */
  revision: number;
  /** It has been emitted as it is now. */
  isEmitted: boolean;
}

interface SessionsData {
  readonly index: IndexData;
  readonly sessions: readonly Session[];
  /** By position in `sessions`. */
  readonly scheduledMs: readonly number[];
  readonly rows: RowsData;
  readonly freeRows: readonly number[];
  readonly appeared: number;
}

export class SessionWindows implements Collector, Stored {
  readonly shape: string;
  readonly timeOf: (output: unknown) => number = endOf;
  readonly output: WindowOutput = new WindowOutput();
  readonly #options: SessionOptions;
  readonly #program: RowProgram;
  readonly #time: TimeDomain;
  readonly #index = new KeyIndex();
  readonly #rows: Rows;
  /** Open sessions by key slot, oldest first. */
  readonly #byKey: (Session[] | undefined)[] = [];
  /** Open sessions by row. */
  readonly #byRow: (Session | undefined)[] = [];
  readonly #freeRows: number[] = [];
  readonly #due = new DueQueue();
  /** By row: the one entry of `#due` that counts; older ones are skipped when they come up. */
  readonly #scheduledMs: number[] = [];
  readonly #frame: WindowFrame = { key: undefined, start: 0, end: 0, revision: 0 };
  readonly #maxEvents: number;
  #appeared = 0;
  #open = 0;
  #wakeMs = Infinity;

  constructor(options: SessionOptions, program: RowProgram, time: TimeDomain) {
    this.shape = options.shape;
    this.#options = options;
    this.#program = program;
    this.#time = time;
    this.#rows = new Rows(program.definitions);
    this.#maxEvents = mostEvents(program.definitions);
  }

  push(event: unknown, key: Key | undefined, keyId: number, eventMs: number): void {
    checkTime(eventMs);
    const { watermark } = this.#time;
    if (watermark >= this.#wakeMs) this.advance(watermark);
    const timeMs = timeIn(this.#time, eventMs);
    const { gapMs, allowedLatenessMs } = this.#options;
    const slot = this.#index.find(key, keyId);
    const sessions = slot < 0 ? undefined : this.#byKey[slot];
    const first = sessions === undefined ? -1 : this.#touching(sessions, timeMs);
    if (sessions === undefined || first < 0) {
      if (timeMs + gapMs + allowedLatenessMs <= watermark) this.output.emitLate(event);
      else this.#begin(event, key, keyId, timeMs, watermark);
    } else {
      this.#extend(sessions, first, event, timeMs, watermark);
    }
  }

  advance(watermarkMs: number): void {
    this.#settle(watermarkMs);
    this.#wakeMs = this.#due.nextMs;
    if (this.#wakeMs < Infinity) this.#time.wakeAt(this.#wakeMs);
  }

  end(): void {
    this.#settle(Infinity);
    this.#wakeMs = Infinity;
  }

  snapshot(): StateData {
    const sessions = this.#byRow.filter((session) => session !== undefined).map((session) => ({ ...session }));
    const rows = sessions.map(({ row }) => row);
    return {
      index: this.#index.snapshot(),
      sessions,
      scheduledMs: rows.map((row) => this.#scheduled(row)),
      rows: packRows(this.#rows, this.#program.definitions, rows, 'a session window'),
      freeRows: [...this.#freeRows],
      appeared: this.#appeared,
    } satisfies SessionsData;
  }

  restore(data: StateData): void {
    const { index, sessions, scheduledMs, rows, freeRows, appeared } = data as SessionsData;
    this.#index.restore(index);
    this.#appeared = appeared;
    this.#open = sessions.length;
    this.#freeRows.push(...freeRows);
    for (const row of freeRows) this.#byRow[row] = undefined;
    const at = sessions.map(({ row }) => row);
    unpackRows(this.#rows, this.#program.definitions, at, rows);
    for (const [i, session] of sessions.entries()) {
      this.#byRow[session.row] = session;
      insertSorted((this.#byKey[session.slot] ??= []), session);
      const dueMs = scheduledMs[i] ?? Infinity;
      if (dueMs < Infinity) this.#schedule(dueMs, session.row);
    }
  }

  counts(): Readonly<Record<string, number>> {
    const { late, revised, refused } = this.output;
    return { late, revised, refused, sessions: this.#open, keys: this.#index.size };
  }

  /** Position of the first session less than a gap away from a time, or -1. */
  #touching(sessions: readonly Session[], timeMs: number): number {
    for (let i = sessions.length - 1; i >= 0; i -= 1) {
      const session = sessions[i] as Session;
      if (timeMs >= session.end) return -1; // sorted: all earlier ones end before it too
      if (timeMs + this.#options.gapMs > session.start) {
        const before = sessions[i - 1];
        return before !== undefined && timeMs < before.end ? i - 1 : i;
      }
    }
    return -1;
  }

  #begin(event: unknown, key: Key | undefined, keyId: number, timeMs: number, watermark: number): void {
    this.#checkRoom(key, keyId);
    const row = this.#freeRows.at(-1) ?? this.#byRow.length;
    if (row >= this.#rows.counts.length) this.#rows.grow(row);
    this.#program.add(this.#rows, row, event); // may throw: nothing is taken yet
    this.#freeRows.pop();
    const slot = this.#index.slotOf(key, keyId);
    const end = timeMs + this.#options.gapMs;
    const session = { row, slot, start: timeMs, end, order: this.#appeared, revision: -1, isEmitted: false };
    this.#appeared += 1;
    this.#open += 1;
    this.#byRow[row] = session;
    insertSorted((this.#byKey[slot] ??= []), session);
    this.#changed(session, watermark);
  }

  /** Adds to a session; joins it with the next one when the event closes the gap between them. */
  #extend(sessions: Session[], first: number, event: unknown, timeMs: number, watermark: number): void {
    const session = sessions[first] as Session;
    const next = sessions[first + 1];
    const joins = next !== undefined && timeMs + this.#options.gapMs > next.start ? next : undefined;
    const joined = joins === undefined ? 0 : (this.#rows.counts[joins.row] as number);
    if ((this.#rows.counts[session.row] as number) + joined >= this.#maxEvents) rejectEvent(this.#maxEvents);
    this.#program.add(this.#rows, session.row, event);
    session.start = Math.min(session.start, timeMs);
    session.end = Math.max(session.end, timeMs + this.#options.gapMs);
    if (joins !== undefined) this.#join(sessions, first, joins);
    this.#changed(session, watermark);
  }

  #join(sessions: Session[], first: number, other: Session): void {
    const session = sessions[first] as Session;
    sessions.splice(first + 1, 1);
    session.end = Math.max(session.end, other.end);
    session.order = Math.min(session.order, other.order);
    session.revision = Math.max(session.revision, other.revision);
    this.#merge(session, other);
    this.#freeRow(other);
  }

  /** When user code cannot merge, the later session's part is reported as a failure and the rest goes on. */
  #merge(session: Session, other: Session): void {
    try {
      this.#program.merge(this.#rows, session.row, this.#rows, other.row);
    } catch (cause) {
      this.output.failIn(this.#frameOf(other), cause);
    }
  }

  /** A session has new content: it is due at its end, or emitted at once when that has passed. */
  #changed(session: Session, watermark: number): void {
    const hasEnded = session.end <= watermark;
    session.isEmitted = false;
    if (hasEnded) this.#emit(session);
    this.#schedule(hasEnded ? session.end + this.#options.allowedLatenessMs : session.end, session.row);
  }

  #schedule(timeMs: number, row: number): void {
    // An entry that is already due earlier is moved on when it comes up (#settle).
    const before = this.#scheduled(row);
    if (before <= timeMs) return;
    this.#scheduledMs[row] = timeMs;
    this.#due.push(timeMs, row);
    if (timeMs < this.#wakeMs) {
      this.#wakeMs = timeMs;
      this.#time.wakeAt(timeMs);
    }
  }

  #scheduled(row: number): number {
    return this.#scheduledMs[row] ?? Infinity;
  }

  /** Emits the sessions that have ended, in order, and drops those past their lateness. */
  #settle(watermarkMs: number): void {
    const ended: Session[] = [];
    while (this.#due.nextMs <= watermarkMs && this.#due.size > 0) {
      const timeMs = this.#due.nextMs;
      const row = this.#due.pop();
      if (this.#scheduled(row) !== timeMs) continue; // an earlier entry took its place
      this.#scheduledMs[row] = Infinity;
      const session = this.#byRow[row];
      if (session === undefined) continue;
      if (session.isEmitted) this.#keepOrDrop(session, watermarkMs);
      else if (session.end <= watermarkMs) ended.push(session);
      else this.#schedule(session.end, row);
    }
    ended.sort((a, b) => a.end - b.end || a.order - b.order);
    for (const session of ended) {
      this.#emit(session);
      this.#keepOrDrop(session, watermarkMs);
    }
  }

  #keepOrDrop(session: Session, watermarkMs: number): void {
    const pastMs = session.end + this.#options.allowedLatenessMs;
    if (pastMs > watermarkMs) this.#schedule(pastMs, session.row);
    else this.#drop(session);
  }

  #emit(session: Session): void {
    session.isEmitted = true;
    session.revision += 1;
    this.output.emit(this.#program, this.#rows, session.row, this.#frameOf(session));
  }

  #frameOf(session: Session): WindowFrame {
    const frame = this.#frame;
    frame.key = this.#index.keys[session.slot] as Key | undefined;
    frame.start = session.start;
    frame.end = session.end;
    frame.revision = session.revision;
    return frame;
  }

  #drop(session: Session): void {
    const sessions = this.#byKey[session.slot] as Session[];
    sessions.splice(sessions.indexOf(session), 1);
    this.#freeRow(session);
    this.#releaseIfIdle(session.slot);
  }

  #freeRow(session: Session): void {
    this.#open -= 1;
    this.#byRow[session.row] = undefined;
    this.#rows.clear(session.row);
    this.#scheduledMs[session.row] = Infinity;
    this.#freeRows.push(session.row);
  }

  #checkRoom(key: Key | undefined, keyId: number): void {
    const { maxKeys, maxSessionsPerKey } = this.#options;
    const slot = this.#index.find(key, keyId);
    if (slot < 0 && this.#index.size >= maxKeys) {
      this.output.refuse(`sessions of ${maxKeys} keys are open, which is the maximum (maxKeys)`);
    }
    if (slot >= 0 && (this.#byKey[slot]?.length ?? 0) >= maxSessionsPerKey) {
      this.output.refuse(`${maxSessionsPerKey} sessions of one key are open, which is the maximum (maxSessionsPerKey)`);
    }
  }

  #releaseIfIdle(slot: number): void {
    if ((this.#byKey[slot]?.length ?? 0) > 0) return;
    this.#byKey[slot] = undefined;
    this.#index.release(slot);
  }
}

function insertSorted(sessions: Session[], session: Session): void {
  let at = sessions.length;
  while (at > 0 && (sessions[at - 1] as Session).start > session.start) at -= 1;
  sessions.splice(at, 0, session);
}
