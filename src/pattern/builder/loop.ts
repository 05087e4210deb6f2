import { durationMs, type Duration } from '../../time/duration.ts';
import type { Quantifier } from '../model/pattern.ts';

export interface LoopOptions {
  /** How repetitions follow each other. Default `relaxed`. */
  readonly contiguity?: NonNullable<Quantifier['inner']>;
  /** Longest time between two repetitions. */
  readonly gap?: Duration;
}

export interface TimesOptions extends LoopOptions {
  /** Up to so many. Default: exactly the number given. */
  readonly max?: number;
}

export function loopOf({ contiguity, gap }: LoopOptions): Pick<Quantifier, 'inner' | 'gapMs'> {
  return {
    ...(contiguity === undefined ? {} : { inner: contiguity }),
    ...(gap === undefined ? {} : { gapMs: durationMs(gap, 'gap') }),
  };
}

export const repeats = (quantifier: Quantifier<never> | undefined): boolean =>
  quantifier?.min !== undefined || quantifier?.max !== undefined;
