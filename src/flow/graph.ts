/** What the builder records: nodes that name their inputs. Immutable once the flow is planned. */

import { isText } from '../errors/declared.ts';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { WorkClass } from '../control/work-class.ts';
import { ConfigError } from '../errors/errors.ts';
import type { DeadLetter } from '../event/dead-letter.ts';
import type { Sink, WriteOptions } from '../event/sink.ts';
import type { Source } from '../event/source.ts';
import type { OperatorSpec } from '../operator/operator.ts';
import type { Duration } from '../time/duration.ts';

/** Output `port` of a node; 0 is the main one. */
export interface Port {
  readonly node: Node;
  readonly port: number;
}

export type Node = SourceNode | OperatorNode | StageNode | MergeNode | SinkNode;

export interface SourceNode {
  readonly kind: 'source';
  readonly name: string;
  readonly source: Source<unknown>;
  readonly schema: StandardSchemaV1 | undefined;
  readonly fields: readonly string[] | undefined;
}

export interface OperatorNode {
  readonly kind: 'operator';
  readonly name: string;
  readonly spec: OperatorSpec;
  readonly input: Port;
}

export interface StageNode {
  readonly kind: 'stage';
  readonly name: string;
  readonly stage: StageSpec;
  readonly options: StageOptions;
  readonly input: Port;
}

export interface MergeNode {
  readonly kind: 'merge';
  readonly name: string;
  readonly inputs: readonly Port[];
}

export interface SinkNode {
  readonly kind: 'sink';
  readonly name: string;
  readonly sink: Sink<never>;
  readonly options: SinkOptions;
  readonly input: Port;
}

/** What an async operator does with its events. */
export type StageSpec =
  | {
      readonly kind: 'mapAsync';
      readonly fn: (event: never, options: WriteOptions) => unknown;
      readonly ordered: boolean;
    }
  | {
      readonly kind: 'mapBatch';
      readonly fn: (events: never, options: WriteOptions) => unknown;
      readonly ordered: boolean;
    }
  | { readonly kind: 'rateLimit'; readonly perSecond: number };

/** Values that a user fixes; left out, they are the engine's to choose. */
export interface StageOptions {
  /** Name in metrics and errors; unique within the flow. */
  readonly name?: string;
  /** Most calls in flight (events in flight for mapAsync). */
  readonly concurrency?: number;
  /** Most events per call. */
  readonly batch?: number;
  /** How long an event may wait for company while a call could start. Default 0. */
  readonly linger?: Duration;
  /** What its calls mostly wait for. Default: what the sink says, else `io`; `computation` for functions over events. */
  readonly work?: WorkClass;
  /** Bounds of the queue in front. */
  readonly queue?: { readonly events?: number; readonly bytes?: number };
  /** What happens to events whose call failed for good. Default `deadLetter`; a failing connector stops the run. */
  readonly whenFailing?: 'stop' | 'drop' | 'deadLetter';
  /**
   * Most that a call may take; it is then given up (its signal aborts, a late result is ignored) and repeated. Left out:
   * three times the measured 99th percentile, 5 s at least, 5 min at most; 30 s until 100 calls have ended. A value is
   * the most, and the engine gives up sooner where calls usually take far less. `false`: as long as it likes.
   */
  readonly timeout?: Duration | false;
  /**
   * How often an event is tried whose function rejects with an error that may be an accident, before it goes the way of
   * `whenFailing`. Default 3. What a target that is away fails with is repeated until it works, whatever this says.
   */
  readonly tries?: number;
  /** Whether calls stop for a while when most of them fail. Default true. */
  readonly breaker?: boolean;
}

export interface SinkOptions extends StageOptions {
  /**
   * When this sink cannot keep up: hold the flow back (default), drop what does not fit, counted, or keep it on disk in
   * the flow's `data` directory, in order, until the sink has room.
   */
  readonly whenSlow?: 'block' | 'drop' | 'spill';
  readonly spill?: SpillBound;
}

export interface SpillBound {
  /** Most that may be on disk; then the flow is held back. 16 MB or more. Default 1 GB. */
  readonly bytes?: number;
}

/** A sink, or the directory of a durable log. */
export type DeadLetterPlace = Sink<DeadLetter> | { readonly path: string };

export class Graph {
  readonly flow: string;
  readonly #nodes: Node[] = [];
  readonly #names = new Set<string>();
  readonly #counts = new Map<string, number>();
  deadLetters: DeadLetterPlace | undefined;

  constructor(flow: string) {
    this.flow = flow;
  }

  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  add<N extends Node>(node: N): N {
    this.#nodes.push(node);
    return node;
  }

  /** A unique name: the one asked for, or `kind`, `kind-2`, `kind-3`... @throws ConfigError when it is taken or malformed */
  name(kind: string, asked: string | undefined): string {
    if (asked !== undefined) return this.#take(asked, kind);
    for (;;) {
      const count = (this.#counts.get(kind) ?? 0) + 1;
      this.#counts.set(kind, count);
      const name = count === 1 ? kind : `${kind}-${count}`;
      if (!this.#names.has(name)) return this.#take(name, kind);
    }
  }

  isFree(name: string): boolean {
    return NAME.test(name) && !this.#names.has(name);
  }

  #take(name: string, kind: string): string {
    const path = `flow.${this.flow}.${kind}.name`;
    if (!isText(name) || !NAME.test(name))
      throw new ConfigError(path, 'letters, digits, ".", "_" or "-", at most 64', name);
    if (this.#names.has(name)) throw new ConfigError(path, 'a name not used in this flow yet', name);
    this.#names.add(name);
    return name;
  }
}

/** Names become labels of metrics and parts of file names. */
export const NAME: RegExp = /^[A-Za-z0-9._-]{1,64}$/;
