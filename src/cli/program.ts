/** The command line. Each command is loaded when it is called: `--version` must not load an engine. */

import type { CommanderError } from 'commander';
import { Command, Option } from 'commander';
import { dlqCommand } from './dlq/command.ts';
import { EXIT, type Outcome } from './exit-code.ts';
import { logCommand } from './log/command.ts';
import { rateOption, secondsOption } from './option-values.ts';
import { packageJson } from './package-info.ts';
import type { DemoCommandOptions, MatchCommandOptions, RunCommandOptions } from './command-options.ts';

const EXAMPLES = `
Examples:
  $ npx daoflow demo                                see it work: no server, no file, 40 seconds
  $ npx daoflow init                                write flow.ts, a first flow that runs
  $ npx daoflow run flow.ts                         run a flow until it ends
  $ cat events.ndjson | npx daoflow run flow.ts     feed a flow that reads stdin()
  $ npx daoflow dev flow.ts                         run it again at each save
  $ npx daoflow log verify data/inbox               check every record of a durable log`;

const EXIT_CODES = `
Exit codes:
  0  the flow ended, or was drained by a signal
  1  the run failed, or was stopped before it had finished (130 when by Ctrl-C)
  2  the command line, the file or the flow's declaration is wrong: nothing was run
  3  with --strict: some events could not be processed`;

const SIGNALS = `
SIGINT (Ctrl-C) and SIGTERM drain: intake stops, what was accepted is finished. A second one stops at once.`;

export function program(outcome: Outcome): Command {
  const root = new Command('daoflow')
    .description('An event-processing engine for Node.js that keeps to the targets you declare.')
    .version(packageJson().version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .addHelpText('after', `${EXAMPLES}\n${EXIT_CODES}`)
    .showHelpAfterError('(daoflow --help shows what there is)')
    .exitOverride();
  const log = logCommand((exitCode) => (outcome.exitCode = exitCode));
  const running = [runCommand(outcome), devCommand(outcome), initCommand(outcome), demoCommand(outcome)];
  for (const command of [...running, matchCommand(outcome), log, dlqCommand(outcome)]) {
    root.addCommand(command.exitOverride().copyInheritedSettings(root));
  }
  return root;
}

/** The exit code of what commander threw: help and version are no errors, the rest is wrong usage. */
export function exitCodeOf(error: CommanderError): number {
  return error.exitCode === 0 ? EXIT.done : EXIT.usage;
}

function runCommand(outcome: Outcome): Command {
  return flowOptions(new Command('run').description('run a flow until it ends, or until Ctrl-C'))
    .option('--duration <time>', 'end the intake after this time, for example 30 (seconds) or 5m', secondsOption)
    .option(
      '--block-timeout <time>',
      "how long the flow's code may hold its thread, default 30 (seconds)",
      secondsOption,
    )
    .option('--strict', 'exit with 3 when some events could not be processed')
    .addHelpText(
      'after',
      `
Status goes to stderr: a live view on a terminal, else one line a second. stdout belongs to the flow.
With --json the status is one JSON object a second on stdout (on stderr when the flow itself writes to stdout).
Code of the flow that holds its thread for longer than --block-timeout, exhausts its memory or throws where nobody waits
ends the thread. A flow with a data directory then goes on in a new thread from its last checkpoint, others end with 1.
Events that cannot be processed are written to FLOW.dead-letters.ndjson in the current directory, with the reason.

Examples:
  $ npx daoflow run flow.ts
  $ npx daoflow run flow.ts < events.ndjson > alerts.ndjson
  $ npx daoflow run flow.ts --json --duration 60 | tail -1
${SIGNALS}
${EXIT_CODES}`,
    )
    .action(async (flow: string, options: RunCommandOptions) => {
      const { run } = await import('./run.ts');
      outcome.exitCode = await run(flow, options);
    });
}

function devCommand(outcome: Outcome): Command {
  return flowOptions(new Command('dev').description('run a flow, and run it again at each save'))
    .addHelpText(
      'after',
      `
At each save the running flow is drained and the new one started. A file with a mistake shows the
mistake and waits for the next save.
${SIGNALS}`,
    )
    .action(async (flow: string, options: RunCommandOptions) => {
      const { dev } = await import('./dev.ts');
      outcome.exitCode = await dev(flow, options);
    });
}

function flowOptions(command: Command): Command {
  return command
    .argument('<flow>', 'a .ts or .js module that default-exports a flow')
    .option('--plain', 'plain lines instead of the live view')
    .addOption(new Option('--json', 'one JSON object per second and a last one').conflicts('plain'))
    .option('--drain-timeout <time>', 'how long a drain may take, default 25 (seconds)', secondsOption)
    .option('--dead-letters <path>', 'where to write events that cannot be processed, with the reason')
    .option('--no-tune', 'keep all settings as they start')
    .addOption(new Option('--advise', 'say what tuning would change, and change nothing').conflicts('tune'))
    .option('--no-codegen', 'run composed closures instead of generated loops');
}

function initCommand(outcome: Outcome): Command {
  return new Command('init')
    .description('write a first flow that runs: flow.ts, or the file or directory that you name')
    .argument('[path]', 'a directory or a file', '.')
    .option('--force', 'overwrite a file that is there')
    .action(async (path: string, options: { readonly force?: boolean }) => {
      const { init } = await import('./init.ts');
      outcome.exitCode = init(path, { ...options, cwd: process.cwd(), say: (line) => void process.stdout.write(line) });
    });
}

function matchCommand(outcome: Outcome): Command {
  return new Command('match')
    .description('find a pattern in events, one JSON object per line, and show the matches')
    .argument('[file]', 'a file; default stdin')
    .requiredOption('--pattern <text>', 'the pattern, as in MATCH_RECOGNIZE')
    .option('--explain', 'say how the pattern is matched, and read nothing')
    .addOption(new Option('--json', 'one JSON object per match').conflicts('explain'))
    .addHelpText(
      'after',
      `
a b   b is the very next event of a's key      a -> b    the next that fits, others between are passed over
a ->> b   also the later ones that fit         a !-> b   b must not come
PARTITION BY is the key, ORDER BY the field with the time (else the lines are one tick apart).

Examples:
  $ npx daoflow match --pattern "PATTERN (a -> b) DEFINE a AS price < 2, b AS price > 100" trades.ndjson
  $ npx daoflow match --pattern "PARTITION BY user ORDER BY ts
      PATTERN (fail{3,} ok) WITHIN INTERVAL '5' MINUTE DEFINE fail AS ok = FALSE, ok AS ok = TRUE" logins.ndjson`,
    )
    .action(async (file: string | undefined, options: MatchCommandOptions) => {
      const [{ match }, { colorsFor }] = await Promise.all([import('./match/match.ts'), import('./view/colors.ts')]);
      const { stdin, stdout, stderr, env } = process;
      outcome.exitCode = await match(file, options, { stdin, stdout, stderr, colors: colorsFor(stdout, env) });
    });
}

function demoCommand(outcome: Outcome): Command {
  return new Command('demo')
    .description('see it work: a synthetic load, a real flow, five targets; offline')
    .option('--duration <time>', 'how long in all, default 40 (seconds)', secondsOption)
    .option('--rate <rate>', 'go to this rate and stay there, for example 250k, instead of searching', rateOption)
    .option('--plain', 'plain lines instead of the live view')
    .addOption(new Option('--json', 'one JSON object per second and a last one').conflicts('plain'))
    .option('--no-codegen', 'run composed closures instead of generated loops')
    .action(async (options: DemoCommandOptions) => {
      const { demo } = await import('./demo/demo.ts');
      outcome.exitCode = await demo(options);
    });
}
