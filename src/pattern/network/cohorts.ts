import type { DagProgram } from '../dag/dag-program.ts';
import { NONE } from '../dag/node-arena.ts';
import type { Bounds } from './bounds.ts';
import type { Cohort, CohortHost, Member } from './cohort.ts';
import type { Entry } from './entry.ts';
import { NO_ROW, OPENED } from './live-rows.ts';
import type { Partials } from './partials.ts';
import type { Roster } from './roster.ts';

/**
 * The life of cohorts: formed before the first event after a change of the patterns, dissolved by the next change, and where
 * what they put off could be more than a bound allows.
 *
 * Invariants (cohort.test.ts)
 * - Before anything is said of partial matches, or done with them one by one, each member has heard all that was posted.
 * - A key for which a member holds something has a journal, so that no event of it is missed.
 */
export class Cohorts<E> implements CohortHost<E> {
  readonly #roster: Roster<E>;
  readonly #partials: Partials<E>;
  readonly #bounds: Bounds;

  constructor(roster: Roster<E>, partials: Partials<E>, bounds: Bounds) {
    this.#roster = roster;
    this.#partials = partials;
    this.#bounds = bounds;
  }

  /** To be called before each event. */
  prepare(nowMs: number): void {
    const { cohorts } = this.#roster;
    if (cohorts === undefined) this.#form(nowMs);
    else if (cohorts.length > 0 && !this.#hasRoom(cohorts)) this.dissolve(nowMs, true);
  }

  /** Tells all members all that was posted. */
  tellAll(nowMs: number): void {
    if ((this.#roster.cohorts ?? []).length === 0) return;
    const { rows } = this.#partials;
    for (const row of rows.all()) {
      const { cohort } = this.#partials.entryAt(row);
      if (cohort === undefined) continue;
      this.#partials.turnToRow(row);
      for (const member of cohort.members)
        this.catchUp(cohort, rows.partition[row] as number, member, undefined, nowMs);
    }
  }

  /** From now on each pattern is told of each event at once: until the patterns change, or `isForGood` until the next change. */
  dissolve(nowMs: number, isForGood = false): void {
    this.tellAll(nowMs);
    const { rows } = this.#partials;
    if ((this.#roster.cohorts ?? []).length > 0)
      for (const row of rows.all()) if (this.#partials.entryAt(row).cohort !== undefined) this.#partials.forget(row);
    this.#roster.dissolveCohorts(isForGood);
  }

  catchUp(cohort: Cohort<E>, journal: number, member: Member<E>, event: E | undefined, nowMs: number): void {
    const partials = this.#partials;
    const { id, program } = member;
    const row = partials.rows.rowOf(partials.slot, id);
    if (row === NO_ROW && !cohort.hasBegun(journal, member, nowMs)) return;
    const count = cohort.listen(journal, member, nowMs);
    if (count === 0) return;
    const entry = this.#roster.at(id);
    const { handled } = this.#roster.columns;
    handled[id] = (handled[id] as number) + count;
    const partition = row === NO_ROW ? partials.spareOf(entry) : partials.partitionOf(entry, row);
    const beganMs = partials.costs.begin();
    const complete = cohort.tell(journal, member, partition, count, nowMs);
    if (complete !== NONE) partials.emit(entry, partials.key, program, complete, event, nowMs);
    partials.costs.charge(entry.counts, beganMs);
    if (row !== NO_ROW) partials.settle(row, nowMs, event);
    else if (!program.isIdle(partition)) partials.keepSpare(entry, cohort.openedMs, nowMs, event);
  }

  /** Whether there would be room for all that members may hold, once told, and for what an event may begin. */
  #hasRoom(cohorts: readonly Entry<E>[]): boolean {
    let pairs = this.#partials.rows.size + this.#roster.size;
    for (const { cohort } of cohorts) pairs += cohort?.pairs ?? 0;
    return pairs <= this.#bounds.maxLive;
  }

  #form(nowMs: number): void {
    const cohorts = this.#roster.formCohorts(this.#bounds, this);
    if (cohorts.length === 0) return;
    const cohortOf = new Map<number, Entry<E>>();
    for (const entry of cohorts) for (const { id } of entry.cohort?.members ?? []) cohortOf.set(id, entry);
    for (const row of this.#partials.rows.all()) {
      const entry = cohortOf.get(this.#partials.rows.pattern[row] as number);
      if (entry !== undefined) this.#adopt(row, entry, nowMs);
    }
  }

  /** What a member holds already: events of its key are posted from now on. */
  #adopt(row: number, { id, cohort }: Entry<E>, nowMs: number): void {
    if (cohort === undefined) return;
    const partials = this.#partials;
    const { rows } = partials;
    partials.turnToRow(row);
    const known = rows.rowOf(partials.slot, id);
    const journals = known === NO_ROW ? partials.addRow(id, nowMs) : known;
    if (known === NO_ROW) rows.partition[journals] = cohort.open();
    cohort.noteBegun(rows.partition[journals] as number, this.#begunMsOf(row));
    partials.settle(journals, nowMs);
  }

  /** When the last partial match of a row has begun. */
  #begunMsOf(row: number): number {
    const { pattern, partition, openedMs } = this.#partials.rows;
    const { engine } = this.#roster.columns.dag[pattern[row] as number] as DagProgram<E>;
    const held = partition[row] as number;
    return held === OPENED ? (openedMs[row] as number) : engine.deadlineOf(held) - engine.withinMs;
  }
}
