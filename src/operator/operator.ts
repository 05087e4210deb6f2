/**
 * What an operator is to the planner and to the fused loop.
 *
 * A spec is a declaration: immutable, without state, reusable in several runs. State is made by
 * `create` at the start of a run. The fused loop calls user functions and `push` methods directly,
 * so each call site sees one function only and V8 can inline it.
 */

import type { CollectorOutput } from './collector-output.ts';
import type { Stored } from '../state/stored.ts';
import type { Clock, Random } from '../time/clock.ts';

/** Keys of keyed state. Compared as a Map does. */
export type Key = string | number;

/** What an operator may know of its run. */
export interface OperatorEnvironment {
  readonly flow: string;
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  /** The time that this operator lives by: event time after `eventTime`, else processing time. */
  readonly time: TimeDomain;
  /** False where code generation is switched off or unwanted; results are the same. */
  readonly generateCode: boolean;
  /** Whether the flow is keyed here. */
  readonly isKeyed: boolean;
}

/**
 * One notion of time within a segment and its watermark: no event with an earlier time is expected.
 * Event time advances after each event, by the events alone, so that results never depend on how
 * the input was cut into batches. Processing time advances with the wall clock.
 */
export interface TimeDomain {
  readonly kind: 'event' | 'processing';
  /** Epoch ms; -Infinity before the first event, +Infinity at the end of input. */
  readonly watermark: number;
  /** Asks for `advance` once the watermark reaches `timeMs`. Cheap; may be called per event. */
  wakeAt(timeMs: number): void;
}

/** What `Step.push` answers when the event goes no further. */
export const NOTHING: unique symbol = Symbol('daoflow.nothing');

/** A stateful operator with at most one output per event: scan, mapWithState, dedupe, sample. */
export interface Step extends Partial<Stored> {
  /**
   * @param key - undefined when the flow is not keyed here
   * @param keyId - the key's dense id in the decoder's dictionary, verified, or -1
   * @param timeMs - event time, else the batch's wall-clock time of arrival
   */
  push(event: unknown, key: Key | undefined, keyId: number, timeMs: number): unknown;
  /** Named counts for metrics, for example `evicted`. Read at most ten times a second. */
  counts?(): Readonly<Record<string, number>>;
}

/**
 * A push as text of our own, so that a generated loop can keep state in locals over a batch.
 * `$event`, `$key` and `$time` stand for the event, its key and its time, `$hint` for the key's id as the decoder gave
 * it and `$keyId` for the same once verified (-1 where there is none), `$count` for the events of this batch so far,
 * any other `$name` for a local or one of `refs`.
 */
export interface InlinePush {
  readonly refs: Readonly<Record<string, unknown>>;
  /** Before the loop: declares locals. */
  readonly open: string;
  /** Reads the locals again, after calls from outside that may have changed the state, `advance` for one. */
  readonly reload: string;
  /** For one event, first. May throw, before it has changed anything. */
  readonly read: string;
  /** Notes `$time`: for each event, or once after the loop where all events have the same time. May throw first. */
  readonly time: string;
  /** For one event, last. Must not throw. */
  readonly update: string;
  /** After the loop, also after one that threw: writes the locals back; `$count` events were updated. */
  readonly close: string;
  readonly steady?: SteadyPush | undefined;
}

/**
 * The usual event of an `InlinePush` by itself, for a loop that is left for any other one. Nothing in it calls anything but
 * user functions and a Map, so V8 reads what `open` declares once and keeps it in registers.
 */
export interface SteadyPush {
  /** Declares constants that hold until something from outside is called. */
  readonly open: string;
  /** For one event, first: declares what `isUsual` looks at. Must not throw. */
  readonly find: string;
  /** An expression: `update` will do. Otherwise `read`, `time` and `update` of the push take over, and the loop is entered anew. */
  readonly isUsual: string;
  /** May throw, before it has changed anything. */
  readonly update: string;
}

/**
 * A stateful operator with any number of outputs on one or more ports, not only in answer to an
 * event: windows, patterns. Its outputs are taken after each batch and run through what follows.
 */
export interface Collector extends Partial<Stored> {
  /** The same `push` as text; used by generated loops where it is given. State may lag by a batch in between. */
  readonly inline?: InlinePush | undefined;
  /** Throws only before it has changed anything, so that a throw blames its event alone. */
  push(event: unknown, key: Key | undefined, keyId: number, timeMs: number): void;
  /** The watermark has reached a time asked for with `wakeAt`; ask again for the next one. */
  advance(watermarkMs: number): void;
  /** End of input: emit everything that is still open. */
  end(): void;
  /** What `push`, `advance` and `end` gave; emptied after each batch. */
  readonly output: CollectorOutput;
  /** Event time of an output of port 0, when what follows inherits event time from it. */
  readonly timeOf?: (output: unknown) => number;
  /** Named counts for metrics, for example `late`. Read at most ten times a second. */
  counts(): Readonly<Record<string, number>>;
}

export type OperatorSpec =
  | { readonly kind: 'map'; readonly name: string; readonly fn: (event: never) => unknown }
  | { readonly kind: 'filter'; readonly name: string; readonly fn: (event: never) => unknown }
  | { readonly kind: 'tap'; readonly name: string; readonly fn: (event: never) => unknown }
  | { readonly kind: 'flatMap'; readonly name: string; readonly fn: (event: never) => Iterable<unknown> }
  | {
      readonly kind: 'keyBy';
      readonly name: string;
      readonly fn: (event: never) => Key;
      /** Set when the key is one plain field: dense ids of the decoder can then serve. */
      readonly field?: string | undefined;
      /** `fn` does nothing but read `field`: a loop may read it itself. */
      readonly isField?: boolean;
    }
  | {
      readonly kind: 'eventTime';
      readonly name: string;
      /** Epoch ms of an event. Not a finite number: the event is dead-lettered. */
      readonly fn: (event: never) => number;
      /** How far behind the largest time seen the watermark stays. */
      readonly outOfOrderMs: number;
      /** A partition silent for so long no longer holds the watermark back. */
      readonly idleMs: number;
      /** When all are, event time goes on with wall time. */
      readonly goesOn?: boolean | undefined;
    }
  | { readonly kind: 'step'; readonly name: string; readonly create: (environment: OperatorEnvironment) => Step }
  | {
      readonly kind: 'collector';
      readonly name: string;
      readonly ports: readonly string[];
      readonly create: (environment: OperatorEnvironment) => Collector;
    };
