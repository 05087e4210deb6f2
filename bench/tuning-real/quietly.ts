import { watchOthers } from './contention.ts';

/** Others may have so much of all cores, 0..1, for a run to be one of the target and not of them. */
export const QUIET = 0.1;
export interface Quietly<T> {
  readonly value: T;
  /** Null where it cannot be measured. */
  readonly othersCpu: number | null;
  readonly isQuiet: boolean;
}

export interface QuietlyOptions {
  /** Of the run, for people. */
  readonly what: string;
  /** Runs at most; then the quietest counts, and is said not to be fair. */
  readonly tries: number;
  readonly say: (line: string) => void;
}

/** Runs until others leave it alone; what a run came to has no say in it. */
export async function quietly<T>(
  run: () => Promise<T>,
  { what, tries, say }: QuietlyOptions,
  watch: () => () => number | null = watchOthers,
): Promise<Quietly<T>> {
  let quietest: Quietly<T> | undefined;
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    const ended = watch();
    const value = await run();
    const othersCpu = ended();
    const isQuiet = othersCpu !== null && othersCpu <= QUIET;
    if (quietest === undefined || (othersCpu ?? 1) < (quietest.othersCpu ?? 1))
      quietest = { value, othersCpu, isQuiet };
    if (isQuiet || othersCpu === null) return { value, othersCpu, isQuiet };
    say(`  REJECTED, attempt ${attempt} of ${tries}: ${what}, others had ${percent(othersCpu)} of all cores`);
  }
  const kept = quietest as Quietly<T>;
  say(`  KEPT ALL THE SAME: ${what} with ${percent(kept.othersCpu ?? 1)} for others: no fair measurement`);
  return kept;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
