import type { MatcherWishes } from '../dag/choose.ts';
import type { Bindings } from '../matcher.ts';
import type { PatternModel } from '../model/pattern.ts';
import type { PatternOptimization } from '../network/bounds.ts';
import type { Farewell, PatternStatus } from '../network/pattern-set.ts';
import type { Collector, OperatorEnvironment } from '../../operator/operator.ts';

/** A pattern with its name, with what its matches give and with what finds them; those of `daoflow/pattern` are such. */
export interface NamedPattern<E, R = Bindings<E>, B = Bindings<E>> {
  readonly name: string;
  readonly model: PatternModel<E>;
  project(bindings: Bindings<E>, count?: number): R;
  typed(bindings: Bindings<E>): B;
  /** @internal Brought along by the pattern, so that flows without patterns load no matcher. */
  readonly operator: MatchOperator;
}

export type MatchOperator = (setup: MatchSetup, environment: OperatorEnvironment) => PatternCollector;

/** An operator whose patterns may be changed between two batches. */
export interface PatternCollector extends Collector {
  readonly patterns: LivePatterns;
}

export const hasPatterns = (collector: Collector): collector is PatternCollector => 'patterns' in collector;

export interface MatchSetup extends PatternOptimization {
  readonly path: string;
  readonly patterns: ReadonlyMap<string, AnyPattern>;
  readonly wishes: MatcherWishes;
}

/** The patterns of a running operator. Changes hold from the next event on; no event and no match of the others is lost. */
export interface LivePatterns {
  list(): readonly PatternStatus[];
  add(name: string, pattern: AnyPattern): void;
  /** @param old - what the version before has begun goes on (`drain`, default), or is dropped */
  replace(name: string, pattern: AnyPattern, old?: Farewell): void;
  /** @param old - what it has begun is dropped (default), or goes on */
  remove(name: string, old?: Farewell): void;
}

/** A pattern whatever its events: the declaration has checked that they are of the type that the stream has. */
export type AnyPattern = NamedPattern<never, unknown, unknown>;
