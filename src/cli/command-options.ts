/** What the commands are told, as the command line's parser hands it over. Durations in ms. */

export interface RunCommandOptions {
  readonly plain?: boolean;
  readonly json?: boolean;
  readonly duration?: number;
  readonly drainTimeout?: number;
  readonly blockTimeout?: number;
  readonly deadLetters?: string;
  readonly codegen: boolean;
  readonly strict?: boolean;
  readonly tune: boolean;
  readonly advise?: boolean;
}

export interface DemoCommandOptions {
  readonly plain?: boolean;
  readonly json?: boolean;
  readonly duration?: number;
  readonly rate?: number;
  readonly codegen: boolean;
}

export interface MatchCommandOptions {
  readonly pattern: string;
  readonly explain?: boolean;
  readonly json?: boolean;
}

export interface LogOptions {
  readonly json?: boolean;
}

export interface LogCatOptions extends LogOptions {
  readonly from?: number;
  readonly to?: number;
}
