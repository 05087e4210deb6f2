export type StandKey = 'http' | 'insert-4' | 'insert-16' | 'copy-4' | 'copy-16';

const ALL: readonly StandKey[] = ['http', 'insert-4', 'insert-16', 'copy-4', 'copy-16'];
/** As much as a smoke run has time for. */
const QUICK: readonly StandKey[] = ['http', 'insert-16'];

export interface Options {
  readonly stands: readonly StandKey[];
  readonly quick: boolean;
  readonly p95Ms: number | undefined;
  readonly rounds: number | undefined;
  readonly isTalkative: boolean;
  /** Writes docs/tuning/results-real.md. */
  readonly write: boolean;
}

export const USAGE: string = `  --only STANDS      of ${ALL.join(',')}
  --p95 MS           the target, instead of one that the grid shows to be feasible
  --rounds N         measured rounds (default 5, with --quick 1)
  --decisions        says each decision
  --write            writes docs/tuning/results-real.md`;

/** @throws RangeError for a stand that there is not, and for a number that is none */
export function readOptions(args: readonly string[]): Options {
  const quick = args.includes('--quick');
  const only = valueOf(args, '--only');
  return {
    stands: only === undefined ? (quick ? QUICK : ALL) : only.split(',').map(standOf),
    quick,
    p95Ms: numberOf(args, '--p95'),
    rounds: numberOf(args, '--rounds'),
    isTalkative: args.includes('--decisions'),
    write: args.includes('--write'),
  };
}

function standOf(name: string): StandKey {
  const found = ALL.find((key) => key === name);
  if (found === undefined) throw new RangeError(`no stand is named ${name}. There are: ${ALL.join(', ')}`);
  return found;
}

function numberOf(args: readonly string[], name: string): number | undefined {
  const value = valueOf(args, name);
  if (value === undefined) return undefined;
  if (!(Number(value) > 0)) throw new RangeError(`${name} needs a number above 0, not ${value}`);
  return Number(value);
}

function valueOf(args: readonly string[], name: string): string | undefined {
  const index = args.indexOf(name);
  return index === -1 ? undefined : args[index + 1];
}
