export type Comparison = '>=' | '<=';

/** What a bench must reach, declared once at its top. */
export interface Target {
  readonly name: string;
  readonly metric: string;
  readonly unit: string;
  readonly comparison: Comparison;
  readonly target: number;
}

type Bound = Pick<Target, 'comparison' | 'target'>;

export const atLeast = (target: number): Bound => ({ comparison: '>=', target });
export const atMost = (target: number): Bound => ({ comparison: '<=', target });

/** A value that is not a number meets nothing. */
export function isMet({ comparison, target }: Bound, value: number | null): boolean {
  if (value === null || Number.isNaN(value)) return false;
  return comparison === '>=' ? value >= target : value <= target;
}
