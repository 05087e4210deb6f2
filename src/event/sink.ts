import type { WorkClass } from '../control/work-class.ts';
import type { Scheduler } from '../time/clock.ts';
import type { SinkTransaction, TransactionPlace } from './transaction.ts';

export interface SinkContext {
  readonly flow: string;
  /** Name of this sink within the flow. */
  readonly name: string;
  readonly scheduler: Scheduler;
  /** Aborted when the run stops hard; that of a call also when the call takes too long. */
  readonly signal: AbortSignal;
  /** What `position` of this sink said at the checkpoint from which the run goes on: later writes are to be undone. */
  readonly resume?: unknown;
  /** Of a sink that has a `transaction`: what it writes belongs to it. */
  readonly transaction?: SinkTransaction;
  notice(level: 'info' | 'warn', message: string): void;
}

export interface WriteOptions {
  /** Of this call alone: aborted when it takes too long, and when the run is stopped hard. */
  readonly signal: AbortSignal;
}

/** An open sink. Functions are properties, so that a sink of a wrong event type does not compile. */
export interface SinkWriter<in E> {
  /**
   * Returning (or resolving) confirms every event of the batch; throwing fails all of them, but for a
   * `RefusedEventsError`, which names those that failed and confirms the others.
   * The array must not be changed; it may be kept.
   */
  readonly write: (events: readonly E[], options: WriteOptions) => void | Promise<void>;
  /**
   * Asked at a checkpoint, while no write is under way: makes what was written durable and says where the sink stands,
   * as plain data. A sink that has this, and goes back there when it is opened with `resume`, has each output once.
   */
  readonly position?: () => unknown;
  /** Called once, after the last write has settled. */
  readonly close?: () => void | Promise<void>;
}

/** A place where events go. A descriptor: opened once per run of the flow. */
export interface Sink<in E> {
  readonly name: string;
  /** Hard limits of the target, which no tuner exceeds. A sink that must keep order has `maxConcurrency: 1`. */
  readonly limits?: { readonly maxBatch?: number; readonly maxConcurrency?: number };
  /**
   * How it takes what comes twice after a crash. `goes back`: to the checkpoint (see `position`). `by key`: what is
   * written again replaces what is there. Left out: it is there twice.
   */
  readonly repeats?: 'goes back' | 'by key';
  /**
   * Where its outputs are committed, together with the flow's checkpoints, which are then kept there. Each output is there
   * once; all sources of the flow must replay.
   */
  readonly transaction?: TransactionPlace;
  /** False: its writes wait for a reader, or cannot be given up half-way: without a `timeout` of the stage they have no deadline. */
  readonly deadline?: false;
  /** What its calls mostly wait for; under contention calls are shared between these classes. Default `io`. */
  readonly work?: WorkClass;
  readonly open: (context: SinkContext) => SinkWriter<E> | Promise<SinkWriter<E>>;
}

/** A function over batches is a sink. */
export type SinkFunction<in E> = (events: readonly E[], options: WriteOptions) => void | Promise<void>;
