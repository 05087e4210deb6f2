/** What the process answers to the shell; documented in `daoflow --help` and docs/cli.md. */
export const EXIT = {
  done: 0,
  /** The run failed: a source or sink gave up, the data plane died, or the drain ran out of time. */
  failed: 1,
  /** The command line or the declaration is wrong: nothing was run. */
  usage: 2,
  /** With --strict: the run ended well, but some events went to the dead letters. */
  deadLetters: 3,
  interrupted: 130,
} as const;

/** A command answers with its exit code. */
export interface Outcome {
  exitCode: number;
}
