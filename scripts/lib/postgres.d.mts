export interface PostgresServer {
  /** With its password. */
  readonly url: string;
  /** Started by us: `halt` and `resume` work. */
  readonly isOwn: boolean;
  /** Stops the server and keeps its data. */
  halt(): Promise<void>;
  /** Starts it again, on the same port. */
  resume(): Promise<void>;
  /** Stops and removes what was started. */
  stop(): Promise<void>;
}
export function startPostgres(): Promise<PostgresServer>;
