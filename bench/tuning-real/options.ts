export type StandKey = 'http' | 'insert-4' | 'insert-16' | 'copy-4' | 'copy-16';

const ALL: readonly StandKey[] = ['http', 'insert-4', 'insert-16', 'copy-4', 'copy-16'];
/** As much as a smoke run has time for. */
const QUICK: readonly StandKey[] = ['http', 'insert-16'];

export interface Options {
  readonly stands: readonly StandKey[];
  readonly quick: boolean;
  readonly p95Ms: number | undefined;
  readonly isTalkative: boolean;
}

/** @throws RangeError for a stand that there is not */
export function readOptions(args: readonly string[]): Options {
  const quick = args.includes('--quick');
  const only = valueOf(args, '--only');
  const p95 = valueOf(args, '--p95');
  return {
    stands: only === undefined ? (quick ? QUICK : ALL) : only.split(',').map(standOf),
    quick,
    p95Ms: p95 === undefined ? undefined : Number(p95),
    isTalkative: args.includes('--decisions'),
  };
}

function standOf(name: string): StandKey {
  const found = ALL.find((key) => key === name);
  if (found === undefined) throw new RangeError(`no stand is named ${name}. There are: ${ALL.join(', ')}`);
  return found;
}

function valueOf(args: readonly string[], name: string): string | undefined {
  const index = args.indexOf(name);
  return index === -1 ? undefined : args[index + 1];
}
