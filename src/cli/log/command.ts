/** `daoflow log ls|verify|cat DIRECTORY` */

import { Command } from 'commander';
import { sequenceOption } from '../option-values.ts';
import type { LogCatOptions, LogOptions } from '../command-options.ts';

const EXIT_CODES = `
Exit codes:
  0  the log is sound
  1  records are lost
  2  the command line is wrong, or the directory holds no log`;

/** @param ended - told the exit code */
export function logCommand(ended: (exitCode: number) => void): Command {
  const log = new Command('log')
    .description('look at a durable log: ls, verify, cat; changes nothing, and may run beside its writer')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(daoflow log --help shows what there is)')
    .exitOverride();
  const commands = [listCommand(ended), verifyCommand(ended), catCommand(ended)];
  for (const command of commands) log.addCommand(command.exitOverride().copyInheritedSettings(log));
  return log;
}

function listCommand(ended: (exitCode: number) => void): Command {
  return new Command('ls')
    .description('segments, sequences, sizes; reads headers and the end only')
    .argument('<directory>', 'the directory of a log')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXIT_CODES)
    .action(async (directory: string, options: LogOptions) => {
      const { list } = await import('./list.ts');
      ended(await list(directory, options, process.stdout));
    });
}

function verifyCommand(ended: (exitCode: number) => void): Command {
  return new Command('verify')
    .description('read every record and check it; says exactly which are lost')
    .argument('<directory>', 'the directory of a log')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXIT_CODES)
    .action(async (directory: string, options: LogOptions) => {
      const { verify } = await import('./verify.ts');
      ended(await verify(directory, options, process.stdout));
    });
}

function catCommand(ended: (exitCode: number) => void): Command {
  return new Command('cat')
    .description('print records, each on a line of its own, as they are')
    .argument('<directory>', 'the directory of a log')
    .option('--from <sequence>', 'begin with this record, default the oldest', sequenceOption)
    .option('--to <sequence>', 'end with this record, default the newest', sequenceOption)
    .option('--json', 'one JSON object per record: sequence, and text or base64')
    .addHelpText(
      'after',
      `
Examples:
  $ npx daoflow log cat data/inbox | head
  $ npx daoflow log cat data/inbox --from 1000 --to 1010 --json
${EXIT_CODES}`,
    )
    .action(async (directory: string, options: LogCatOptions) => {
      const { cat } = await import('./cat.ts');
      ended(await cat(directory, options, process.stdout));
    });
}
