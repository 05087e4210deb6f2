import { Command, InvalidArgumentError } from 'commander';
import type { Outcome } from '../exit-code.ts';
import type { DlqOutput } from './dlq.ts';

const EXAMPLES = `
Examples:
  $ npx daoflow dlq ls data                          how many, where and why
  $ npx daoflow dlq show data 17                     one of them, secrets masked
  $ npx daoflow dlq replay data | npx daoflow run flow.ts   once the reason is gone: feed them to a flow that reads stdin()`;

const output: DlqOutput = { data: process.stdout, status: process.stderr };

export function dlqCommand(outcome: Outcome): Command {
  const root = new Command('dlq')
    .description('look at events that could not be processed, and play them back')
    .addHelpText('after', EXAMPLES);
  const directory = 'the data directory of a flow, or its dead-letter directory';
  root
    .command('ls')
    .description('list them by place and reason')
    .argument('<dir>', directory)
    .action(async (path: string) => {
      const { list } = await import('./dlq.ts');
      outcome.exitCode = await list(path, output);
    });
  root
    .command('show')
    .description('show one as JSON')
    .argument('<dir>', directory)
    .argument('<number>', 'as ls names it', wholeNumber)
    .option('--unmask', 'show secrets too')
    .action(async (path: string, number: number, { unmask }: { readonly unmask?: boolean }) => {
      const { show } = await import('./dlq.ts');
      outcome.exitCode = await show(path, number, { isOpen: unmask === true }, output);
    });
  root
    .command('replay')
    .description('write them to stdout, one record per line, and be done with them')
    .argument('<dir>', directory)
    .option('--at <place>', 'only those that failed there (decode, schema, an operator or a sink); they are kept')
    .option('--keep', 'do not be done with them')
    .action(async (path: string, { at, keep }: { readonly at?: string; readonly keep?: boolean }) => {
      const { replay } = await import('./dlq.ts');
      outcome.exitCode = await replay(path, { at, keep: keep === true }, output);
    });
  for (const command of root.commands) command.exitOverride().showHelpAfterError();
  return root;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError('a number as "dlq ls" names it.');
}
