/** `daoflow match --pattern TEXT [FILE]`: finds a pattern in lines of JSON and shows the matches. */

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { messageOf } from '../../errors/errors.ts';
import { PatternError } from '../../pattern/model/error.ts';
import { patternFromText, type TextPattern } from '../../pattern/text/text.ts';
import type { MatchCommandOptions } from '../command-options.ts';
import { EXIT } from '../exit-code.ts';
import { usageFailure } from '../failure.ts';
import type { Output } from '../output.ts';
import type { Colors } from '../view/colors.ts';
import { AbsentFields } from './asked-fields.ts';
import { findMatches } from './find-matches.ts';
import { MatchPrinter } from './match-printer.ts';

/** Lines that are named when they cannot be read; the rest is counted. */
const NAMED_REFUSALS = 3;

export interface MatchConsole {
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly colors: Colors;
}

/** @returns the exit code @throws CommandFailure for a text that is no pattern, or a file that is not there */
export async function match(file: string | undefined, options: MatchCommandOptions, at: MatchConsole): Promise<number> {
  const pattern = patternOf(options.pattern);
  if (options.explain === true) {
    at.stdout.write(`${pattern.explain().toString()}\n`);
    return EXIT.done;
  }
  const input = file === undefined ? at.stdin : createReadStream(file);
  const printer = new MatchPrinter(pattern.model, at.stdout, at.colors);
  const absent = new AbsentFields(pattern.model, pattern.partitionBy);
  let refused = 0;
  const events = await read(file, () =>
    findMatches(createInterface({ input, crlfDelay: Infinity }), pattern, {
      match: (key, bound, value) => {
        if (options.json === true) at.stdout.write(`${JSON.stringify({ key, value, events: bound })}\n`);
        else printer.print(key, bound, hasMeasures(options.pattern) ? value : undefined);
        if (options.json === true) printer.count += 1;
      },
      event: (event) => absent.see(event),
      refused: (line, reason) => {
        refused += 1;
        if (refused <= NAMED_REFUSALS) at.stderr.write(`line ${line} is left out: ${reason}\n`);
      },
      failed: (cause) => {
        throw cause;
      },
    }),
  );
  const left = refused === 0 ? '' : `, ${counted(refused, 'line', 'lines')} left out`;
  at.stderr.write(`${counted(printer.count, 'match', 'matches')} in ${counted(events, 'event', 'events')}${left}\n`);
  if (absent.sentence !== undefined) at.stderr.write(`${absent.sentence}\n`);
  return EXIT.done;
}

function patternOf(text: string): TextPattern<unknown> {
  try {
    return patternFromText(text);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw usageFailure(
      error.message,
      'for example: --pattern "PATTERN (a -> b) DEFINE a AS price < 2, b AS price > 100"',
    );
  }
}

/** Without measures a match is its events, which are shown anyway. */
const hasMeasures = (text: string): boolean => /\bMEASURES\b/i.test(text);

async function read<T>(file: string | undefined, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (file === undefined || !(error instanceof Error && 'code' in error && 'syscall' in error)) throw error;
    throw usageFailure(`cannot read ${file}: ${messageOf(error)}`);
  }
}

function counted(count: number, one: string, more: string): string {
  return `${count} ${count === 1 ? one : more}`;
}
