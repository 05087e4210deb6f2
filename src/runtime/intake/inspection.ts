/**
 * Looks for the event that ended an earlier thread: what sources give again, and spills give back, is let in piece by piece, each alone
 * in the flow, and the pieces are the smaller the likelier they hold it. Whoever watches over the thread reads from its notes of which one it
 * died, and tells the next thread; an event that is known is set apart as a dead letter.
 *
 * Invariants (inspection.test.ts)
 * - Everything that is given passes exactly once, in its order, whatever is suspected.
 * - No checkpoint is taken meanwhile (checkpoints.ts), so that places stay those of one checkpoint.
 * - It ends: once the suspects have passed, once their sources have been silent for SILENT_MS, or when a piece takes longer than PIECE_MS.
 */

import type { Checkpoint } from '../../state/checkpoint.ts';
import type { Scheduler, Timer } from '../../time/clock.ts';
import type { Supervision, Suspicion } from '../supervision.ts';
import { ownKeys, ownRaws, type Accept, type DirectEntrance, type Entrance } from './entrance.ts';
import type { InFlight } from './in-flight.ts';
import { InspectedSource, SILENT_MS, type Piece } from './inspected-source.ts';

export interface InspectionOptions {
  readonly supervision: Supervision;
  /** Its `signal` is aborted when the run stops at once. */
  readonly environment: {
    readonly scheduler: Scheduler;
    readonly inFlight: InFlight;
    readonly signal: AbortSignal;
  };
  /** From which the run goes on. */
  readonly checkpoint: Checkpoint | undefined;
  /** Nothing is learned meanwhile: events come as they never do. */
  readonly steering: { readonly freeze: () => void; readonly thaw: () => void };
}

/** A target that is away keeps a piece on its way, and with it every checkpoint of the run. */
const PIECE_MS = 60_000;
/** An event that was found is tried once more: what others left behind must not end the thread in its place. */
const SETTLE_MS = 100;

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

type StepPiece = Pick<Piece, 'range' | 'isSuspect' | 'isKnown'>;

interface Step {
  readonly piece: StepPiece;
  readonly source: InspectedSource;
  readonly begin: () => void;
  readonly over: () => void;
}

const NOTHING_SUSPECTED: Suspicion = { given: [], range: undefined, apart: [] };
/** What is not an event. */
const NO_PIECE: StepPiece = { range: undefined, isSuspect: false, isKnown: false };

export class Inspection {
  readonly #options: InspectionOptions;
  /** In the order of the plan. */
  readonly #sources: InspectedSource[] = [];
  readonly #spills: InspectedSource[] = [];
  #steps: Step[] = [];
  /** Steps that wait and are suspected. */
  #suspects = 0;
  #isWorking = false;
  #isOver = false;
  #silence: Timer | undefined;

  constructor(options: InspectionOptions) {
    this.#options = options;
    options.steering.freeze();
    this.#silence = options.environment.scheduler.after(SILENT_MS, () => this.#look());
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
    const { supervision, checkpoint, environment } = this.#options;
    const { suspicion = NOTHING_SUSPECTED } = supervision;
    const bases = checkpoint?.sources.get(name) ?? new Map<string, number>();
    const given = suspicion.given[this.#sources.length] ?? 0;
    const source = new InspectedSource({ name, replays, given, bases, suspicion }, environment.scheduler.now());
    this.#sources.push(source);
    const accept = this.#accept(source, bases, direct);
    const isOpen = (): boolean => this.#isOver && !this.#isWorking;
    return {
      accept: (...batch) => (isOpen() ? direct.accept(...batch) : direct.holdBack(accept(...batch))),
      refuse: (partition, record) => {
        if (isOpen()) return direct.refuse(partition, record);
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

  /**
   * Around what a spill gives back, events of one record at a time.
   *
   * @param index - of its numbers among those of sources
   * @param base - where its checkpoint has it
   */
  readBack(stage: string, index: number, base: number): GiveBack {
    const { suspicion = NOTHING_SUSPECTED } = this.#options.supervision;
    const { scheduler } = this.#options.environment;
    const [given, bases] = [suspicion.given[index] ?? 0, new Map([[SPILLED, base]])];
    const options = { name: `spill:${stage}`, replays: true, given, bases, suspicion };
    const source = new InspectedSource(options, scheduler.now());
    this.#spills.push(source);
    return async (events, isStable, give) => {
      if (this.#isOver && !this.#isWorking) {
        give(0, events, undefined);
        return;
      }
      if (!isStable) source.end();
      const whole = { ...NO_PIECE, from: 0, to: events, apart: undefined };
      const pieces = isStable ? source.cut(SPILLED, events) : [whole];
      await Promise.all(
        pieces.map((piece) => this.#pass(source, piece, () => give(piece.from, piece.to, piece.apart))),
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

  #pass(source: InspectedSource, piece: StepPiece, begin: Step['begin']): Promise<void> {
    return new Promise((over) => {
      this.#steps.push({ source, piece, begin, over });
      if (piece.isSuspect) this.#suspects += 1;
      if (!this.#isWorking) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    for (let step = this.#steps.shift(); step !== undefined; step = this.#steps.shift()) {
      if (this.#isOver || this.#options.environment.signal.aborted) step.begin();
      else await this.#alone(step);
      step.over();
    }
    this.#isWorking = false;
  }

  /** Nothing else is on its way while a step is; so there is room again afterwards, and nobody need wait for that. */
  async #alone({ source, piece: { range, isSuspect, isKnown }, begin }: Step): Promise<void> {
    const { supervision, environment } = this.#options;
    const { scheduler } = environment;
    await this.#quiet();
    if (isKnown) await this.#pause(SETTLE_MS);
    supervision.alone(range);
    begin();
    await this.#quiet();
    if (isKnown) await this.#pause(SETTLE_MS);
    await scheduler.yield(); // what rejects and nobody waits for comes out
    supervision.alone(undefined);
    if (isSuspect) this.#suspects -= 1;
    source.heard(scheduler.now());
    this.#look();
  }

  async #quiet(): Promise<void> {
    const { inFlight, scheduler } = this.#options.environment;
    if (inFlight.isQuiet || this.#isOver) return;
    await new Promise<void>((resolve) => {
      const limit = scheduler.after(PIECE_MS, () => {
        this.#end();
        resolve();
      });
      void inFlight.whenQuiet().then(() => {
        limit.cancel();
        resolve();
      });
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.environment.scheduler.after(ms, resolve));
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
    this.#options.supervision.alone(undefined);
    this.#options.steering.thaw();
  }
}
