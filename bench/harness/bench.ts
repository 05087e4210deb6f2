/** Runs one bench: collects its figures, prints them, decides the exit code. */

import { figureOf, resultOf, type BenchDocument, type Figure } from './document.ts';
import { commitOf, machineFacts } from './machine.ts';
import type { Sample } from './sample.ts';
import { tableOf } from './table.ts';
import type { Target } from './target.ts';

/** `--quick` is for smoke runs: a bench that takes longer says so. */
export const QUICK_LIMIT_S = 45;

export interface BenchDefinition<K extends string> {
  readonly targets: Readonly<Record<K, Target>>;
  /** Whether the arguments ask for a target; it is left out otherwise. Default: for all of them. */
  readonly isWanted?: (key: K, args: readonly string[]) => boolean;
  /** What `--help` says of options of its own, one a line, indented by two. Without it there are none, and others are refused. */
  readonly usage?: string;
  readonly run: (context: BenchContext<K>) => void | Promise<void>;
}

const COMMON_USAGE = `  --json             one JSON document as the last line of stdout
  --quick            fewer repetitions: ends within ${QUICK_LIMIT_S} s
  --no-fail          a missed target does not fail the process`;

export interface BenchContext<K extends string = string> {
  /** `--quick` was given. */
  readonly quick: boolean;
  /** Arguments that the harness does not know. */
  readonly args: readonly string[];
  /** Repetitions: the first number, or the second with `--quick`. */
  rounds(full: number, quick: number): number;
  /** Fills a declared target. The last call of a key wins; null = could not be measured here. */
  record(key: K, measured: number | Sample | null): void;
  /** Shows a figure without a target. */
  note(name: string, metric: string, measured: number | Sample | null, unit: string): void;
  /** A wrong answer makes every figure worthless: ends the bench with exit code 2. */
  check(condition: boolean, fact: string): void;
  /** A line for people, on stderr. */
  say(line: string): void;
}

/** Ends the process: 0 met, 1 missed, 2 wrong or broken. */
export async function bench<K extends string>(name: string, definition: BenchDefinition<K>): Promise<never> {
  const options = readOptions(process.argv.slice(2));
  answerOrRefuse(name, definition.usage, options.rest);
  const measured = new Map<K, number | Sample | null>();
  const figures: Figure[] = [];
  const started = performance.now();
  try {
    await definition.run(contextOf(options, measured, figures));
  } catch (error) {
    console.error(`bench ${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exit(2);
  }
  warnWhenSlow(name, options.quick, (performance.now() - started) / 1000);
  const targets = Object.entries(definition.targets) as [K, Target][];
  const wanted = targets.filter(([key]) => definition.isWanted?.(key, options.rest) ?? true);
  const results = wanted.map(([key, target]) => resultOf(target, measured.get(key) ?? null));
  const document: BenchDocument = {
    bench: name,
    commit: commitOf(),
    machine: machineFacts(),
    quick: options.quick,
    results,
    figures,
  };
  await print(document, options.json);
  process.exit(options.noFail || results.every((result) => result.pass) ? 0 : 1);
}

/** Ends the process when help was asked for, or for what is no option. */
function answerOrRefuse(name: string, usage: string | undefined, rest: readonly string[]): void {
  const help = [
    `npm run bench:${name.replace('-', ':')} -- [options]`,
    COMMON_USAGE,
    ...(usage === undefined ? [] : [usage]),
  ].join('\n');
  if (rest.includes('--help')) {
    console.log(help);
    process.exit(0);
  }
  if (usage === undefined && rest.length > 0) {
    console.error(`bench ${name}: expected options, received ${rest.join(' ')}\n\n${help}`);
    process.exit(2);
  }
}

interface Options {
  readonly json: boolean;
  readonly quick: boolean;
  readonly noFail: boolean;
  readonly rest: readonly string[];
}

function readOptions(args: readonly string[]): Options {
  const known = new Set(['--json', '--quick', '--no-fail']);
  return {
    json: args.includes('--json'),
    quick: args.includes('--quick'),
    noFail: args.includes('--no-fail'),
    rest: args.filter((arg) => !known.has(arg)),
  };
}

function contextOf<K extends string>(
  options: Options,
  measured: Map<K, number | Sample | null>,
  figures: Figure[],
): BenchContext<K> {
  return {
    quick: options.quick,
    args: options.rest,
    rounds: (full, quick) => (options.quick ? quick : full),
    record: (key, value) => void measured.set(key, value),
    note: (name, metric, value, unit) => void figures.push(figureOf({ name, metric, unit }, value)),
    check: (condition, fact) => {
      if (!condition) throw new Error(`wrong answer: it does not hold that ${fact}`);
    },
    say: (line) => void process.stderr.write(`${line}\n`),
  };
}

function warnWhenSlow(name: string, quick: boolean, tookS: number): void {
  if (quick && tookS > QUICK_LIMIT_S) {
    console.error(`bench ${name}: --quick took ${tookS.toFixed(0)} s; it must end within ${QUICK_LIMIT_S} s`);
  }
}

/** With `--json` the table goes to stderr, so that the document is all of stdout. Resolves once it is written out. */
async function print(document: BenchDocument, json: boolean): Promise<void> {
  const table = `${tableOf(document)}\n`;
  if (json) process.stderr.write(table);
  const text = json ? `${JSON.stringify(document)}\n` : table;
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
}
