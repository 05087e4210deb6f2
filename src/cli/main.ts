#!/usr/bin/env node
/** The program `daoflow`. */

import { CommanderError } from 'commander';
import { EXIT, type Outcome } from './exit-code.ts';
import { CommandFailure, renderFailure, type Failure } from './failure.ts';
import { exitCodeOf, program } from './program.ts';
import { colorsFor } from './view/colors.ts';

process.exitCode = await main(process.argv);

async function main(argv: readonly string[]): Promise<number> {
  endQuietlyWhenNobodyReads();
  const outcome: Outcome = { exitCode: EXIT.done };
  try {
    const command = program(outcome);
    if (argv.length <= 2) command.outputHelp();
    else await command.parseAsync([...argv]);
    return outcome.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return exitCodeOf(error);
    const failure = failureOf(error);
    const lines = renderFailure(failure, colorsFor(process.stderr, process.env));
    process.stderr.write(`${lines.join('\n')}\n`);
    return failure.kind === 'usage' ? EXIT.usage : EXIT.failed;
  }
}

/** What is not expected here is a defect of ours: it is named as one, without a stack unless asked for. */
function failureOf(error: unknown): Failure {
  if (error instanceof CommandFailure) return error.failure;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const shown = process.env['DAOFLOW_DEBUG'] === undefined ? message : (stack ?? message);
  return {
    kind: 'failed',
    message: shown,
    fix: 'this should not happen: please report it, with the output of DAOFLOW_DEBUG=1',
  };
}

/** `daoflow ... | head`: the reader has what it wanted. */
function endQuietlyWhenNobodyReads(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failed);
  });
  process.stderr.on('error', () => process.exit(EXIT.failed));
}
