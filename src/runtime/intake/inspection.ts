/**
 * Looks for the event that ended an earlier thread: what sources give again, and spills give back, is let in piece by piece, each alone
 * in the flow (airlock.ts), and the pieces are the smaller the likelier they hold it. Whoever watches over the thread reads from its notes of
 * which one it died, and tells the next thread; an event that is known is set apart as a dead letter.
 *
 * An event goes by one name: its place in its source; or, where it was on disk at the checkpoint, its place there. What goes to disk
 * later has another place there each time, so it is read back as part of the piece that it came with.
 *
 * Invariants (inspection.test.ts)
 * - Everything that is given passes exactly once, in its order, whatever is suspected.
 * - No checkpoint is taken meanwhile (checkpoints.ts), so that places stay those of one checkpoint.
 * - It ends: once the suspects have passed, once their sources have been silent for SILENT_MS, or when a piece moves no further.
 */

import type { Checkpoint } from '../../state/checkpoint.ts';
import type { Timer } from '../../time/clock.ts';
import type { Supervision, Suspicion } from '../supervision.ts';
import { Airlock, type AirlockEnvironment } from './airlock.ts';
import { ownKeys, ownRaws, type Accept, type DirectEntrance, type Entrance } from './entrance.ts';
import { InspectedSource, SILENT_MS, type Piece } from './inspected-source.ts';

export interface InspectionOptions {
  readonly supervision: Supervision;
  readonly environment: AirlockEnvironment;
  /** From which the run goes on. */
  readonly checkpoint: Checkpoint | undefined;
  /** Nothing is learned meanwhile: events come as they never do. */
  readonly steering: { readonly freeze: () => void; readonly thaw: () => void };
}

/** A spill, as it stands at the checkpoint. */
export interface InspectedSpill {
  readonly stage: string;
  /** Of its numbers among those of sources. */
  readonly index: number;
  /** The first record that it gives back: another one at each other checkpoint. */
  readonly base: number;
  /** That it gives back. */
  readonly events: number;
  /** Nothing is left that this run reads back. */
  readonly isEmpty: () => boolean;
  /** Aborted when it gives back no more. */
  readonly suspended: AbortSignal;
}

/**
 * What a spill gives back: handed on in pieces. Resolves once all have passed.
 *
 * @param isStable - each run that goes on from the checkpoint gives the same ones back in this place
 * @param give - hands on the events from one place to another, or sets them apart, and why
 */
export type GiveBack = (
  events: number,
  isStable: boolean,
  give: (from: number, to: number, apart: string | undefined) => void,
) => Promise<void>;

/** A log has one partition. */
const SPILLED = '';
/** Of what comes from sources: it may go through any spill. */
const SOURCES = 0;

type StepPiece = Pick<Piece, 'range' | 'isSuspect' | 'isKnown'>;

const NOTHING_SUSPECTED: Suspicion = { given: [], among: undefined, apart: [] };
/** What is not an event. */
const NO_PIECE: StepPiece = { range: undefined, isSuspect: false, isKnown: false };

export class Inspection {
  readonly #options: InspectionOptions;
  readonly #suspicion: Suspicion;
  readonly #airlock: Airlock;
  /** In the order of the plan. */
  readonly #sources: InspectedSource[] = [];
  readonly #spills: InspectedSource[] = [];
  /** Steps that wait and are suspected. */
  #suspects = 0;
  #isOver = false;
  #silence: Timer | undefined;

  constructor(options: InspectionOptions) {
    const { supervision, environment, steering } = options;
    this.#options = options;
    this.#suspicion = supervision.suspicion ?? NOTHING_SUSPECTED;
    this.#airlock = new Airlock(environment, supervision, () => this.#end());
    steering.freeze();
    this.#silence = environment.scheduler.after(SILENT_MS, () => this.#look());
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Around the entrance of a source; called in the order of the plan.
   *
   * @param replays - it gives the same again after a checkpoint
   */
  entrance(name: string, replays: boolean, direct: DirectEntrance): Entrance {
    const { checkpoint, environment } = this.#options;
    const suspicion = this.#suspicion;
    const bases = checkpoint?.sources.get(name) ?? new Map<string, number>();
    const given = suspicion.given[this.#sources.length] ?? 0;
    const source = new InspectedSource({ name, replays, given, bases, suspicion }, environment.scheduler.now());
    this.#sources.push(source);
    const accept = this.#accept(source, bases, direct);
    const airlock = this.#airlock;
    return {
      accept: (...batch) => (airlock.isOpen ? direct.accept(...batch) : direct.holdBack(accept(...batch))),
      refuse: (partition, record) => {
        if (airlock.isOpen) return direct.refuse(partition, record);
        const own = { ...record, raw: record.raw.slice() };
        const [piece = NO_PIECE] = source.cut(partition, 1);
        return direct.holdBack(this.#pass(source, piece, () => void direct.refuse(partition, own)));
      },
      inTurn: (task) => void this.#pass(source, NO_PIECE, () => direct.inTurn(task)),
      close: () => {
        source.end();
        void this.#pass(source, NO_PIECE, () => direct.close());
      },
    };
  }

  /** Around what a spill gives back, events of one record at a time. Called in the order in which they follow each other. */
  readBack({ stage, index, base, events: kept, isEmpty, suspended }: InspectedSpill): GiveBack {
    const [suspicion, airlock] = [this.#suspicion, this.#airlock];
    const { scheduler } = this.#options.environment;
    const given = suspicion.given[index] ?? 0;
    const options = { name: `spill:${stage}`, replays: true, given, bases: new Map([[SPILLED, base]]), suspicion };
    const spill = new InspectedSource(options, scheduler.now());
    this.#spills.push(spill);
    // Where an earlier thread read all of it, and what it died of may have come later, that is soon read again: sources wait for it.
    const isCaughtUp = given >= kept;
    const depth = airlock.addSpill(() => !isCaughtUp || isEmpty());
    suspended.addEventListener('abort', () => airlock.moved(), { once: true });
    return async (events, isStable, give) => {
      if (airlock.isOpen || (!isStable && isCaughtUp)) {
        give(0, events, undefined);
        airlock.moved();
        return;
      }
      const whole = { ...NO_PIECE, from: 0, to: events, apart: undefined };
      const pieces = isStable ? spill.cut(SPILLED, events) : [whole];
      await Promise.all(
        pieces.map((piece) => this.#pass(spill, piece, () => give(piece.from, piece.to, piece.apart), depth)),
      );
    };
  }

  /** The run has ended. */
  stop(): void {
    this.#silence?.cancel();
  }

  #accept(
    source: InspectedSource,
    bases: ReadonlyMap<string, number>,
    direct: DirectEntrance,
  ): (...batch: Parameters<Accept>) => Promise<void> {
    const reached = new Map(bases);
    return async (events, keys, bytes, partition, endOffset, acceptedAt, rawOf, counted) => {
      const [ids, raw] = [ownKeys(keys), ownRaws(events, rawOf)];
      const before = reached.get(partition) ?? 0;
      reached.set(partition, endOffset);
      const pieces = source.cut(partition, events.length);
      await Promise.all(
        pieces.map((piece) =>
          this.#pass(source, piece, () => {
            const { from, to, apart } = piece;
            const share = Math.ceil((bytes * (to - from)) / Math.max(1, events.length));
            const end = to === events.length ? endOffset : before; // a batch has no places within
            if (apart === undefined) {
              const own = ids && { ...ids, ids: ids.ids.subarray(from, to) };
              const rawAt = raw && ((i: number): Uint8Array => raw(from + i));
              void direct.accept(events.slice(from, to), own, share, partition, end, acceptedAt, rawAt, counted);
              return;
            }
            counted?.(0, 1);
            const what = raw === undefined ? { event: events[from] } : { raw: raw(from) };
            const place = { partition, offset: endOffset, endOffset: end };
            void direct.setApart({ at: 'thread', reason: apart, bytes: share, ...place, ...what });
          }),
        ),
      );
    };
  }

  #pass(source: InspectedSource, piece: StepPiece, begin: () => void, depth: number = SOURCES): Promise<void> {
    const { range, isSuspect, isKnown } = piece;
    if (isSuspect) this.#suspects += 1;
    return new Promise((resolve) => {
      const over = (): void => {
        if (isSuspect) this.#suspects -= 1;
        source.heard(this.#options.environment.scheduler.now());
        this.#look();
        resolve();
      };
      this.#airlock.pass({ depth, range, isKnown, begin, over });
    });
  }

  /** Whether there is still something to look for. */
  #look(): void {
    const { scheduler } = this.#options.environment;
    this.#silence?.cancel();
    if (this.#isOver) return;
    const all = [...this.#sources, ...this.#spills];
    for (const source of all) source.look(scheduler.now());
    const isSought = this.#suspects > 0 || all.some(({ hasSuspects }) => hasSuspects);
    if (isSought) this.#silence = scheduler.after(SILENT_MS, () => this.#look());
    else this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#silence?.cancel();
    this.#airlock.open();
    this.#options.steering.thaw();
  }
}
