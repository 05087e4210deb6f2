/**
 * A failure as a person reads it: what happened, where in their own code, and what to do. Plain
 * data, because most failures are explained in the data plane and shown by the main thread.
 */

import type { Colors } from './view/colors.ts';

export interface SourceExcerpt {
  readonly file: string;
  readonly line: number;
  readonly column: number | null;
  readonly text: string;
}

export interface Failure {
  /** `usage`: nothing was run. `output-closed`: whoever read our output has gone (`| head`): not an error. */
  readonly kind: 'usage' | 'failed' | 'output-closed';
  readonly message: string;
  readonly at?: SourceExcerpt | undefined;
  readonly fix?: string | undefined;
}

/** An expected failure within the main thread: `main.ts` shows it and ends with its exit code. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** A mistake in the command line or in what it names. */
export function usageFailure(message: string, fix?: string): CommandFailure {
  return new CommandFailure({ kind: 'usage', message, fix });
}

/** Lines for stderr, without a trailing line end. */
export function renderFailure(failure: Failure, colors: Colors): string[] {
  const [first = '', ...more] = failure.message.split('\n');
  const lines = [`${colors.red(colors.bold('error'))} ${first}`, ...more.map((line) => `      ${line}`)];
  if (failure.at !== undefined) lines.push(...excerpt(failure.at, colors));
  if (failure.fix !== undefined) {
    const [fix = '', ...rest] = failure.fix.split('\n');
    lines.push(`${colors.green(colors.bold('fix'))}   ${fix}`, ...rest.map((line) => `      ${line}`));
  }
  return lines;
}

/** `flow.ts:3:5` */
export function placeOf({ file, line, column }: SourceExcerpt): string {
  return column === null ? `${file}:${line}` : `${file}:${line}:${column}`;
}

function excerpt(at: SourceExcerpt, colors: Colors): string[] {
  const lines = [`      ${colors.dim('at')} ${colors.cyan(placeOf(at))}`];
  if (at.text.trim() === '') return lines;
  const shown = at.text.trimStart();
  const number = String(at.line);
  lines.push(`      ${colors.dim(`${number} |`)} ${shown.slice(0, 100)}`);
  const caret = at.column === null ? -1 : at.column - 1 - (at.text.length - shown.length);
  if (caret >= 0 && caret < 100) lines.push(`      ${' '.repeat(number.length + 3 + caret)}${colors.red('^')}`);
  return lines;
}
