/** The demo's database: made up, with the service times and the troubles of a real one. */

import { ConnectorError } from '../../errors/errors.ts';
import type { Sink } from '../../event/sink.ts';

export interface Conditions {
  /** Every call takes so many times as long. */
  readonly slowdown: number;
  /** It refuses every call. */
  readonly isAway: boolean;
}

export const HEALTHY: Conditions = { slowdown: 1, isAway: false };

/** A call takes this long, ms, plus so much for each row. */
const CALL_MS = 2;
const ROW_MS = 0.001;
/** Calls served at a time; more wait for a free connection. */
const CONNECTIONS = 8;
/** How soon it refuses while it is away, ms. */
const REFUSE_MS = 1;

/**
 * One database, whatever the number of sinks that write to it.
 * @param conditions - asked at each call
 */
export function madeUpDatabase(conditions: () => Conditions): (table: string) => Sink<unknown> {
  const freeAt = new Array<number>(CONNECTIONS).fill(0);
  const serve = (now: number, rows: number): number => {
    const first = freeAt.indexOf(Math.min(...freeAt));
    const end = Math.max(now, freeAt[first] as number) + (CALL_MS + ROW_MS * rows) * conditions().slowdown;
    freeAt[first] = end;
    return end - now;
  };
  return (table) => ({
    name: table,
    open: ({ scheduler }) => ({
      write: (rows) =>
        new Promise<void>((resolve, reject) => {
          if (conditions().isAway) scheduler.after(REFUSE_MS, () => reject(refused(table)));
          else scheduler.after(serve(scheduler.now(), rows.length), resolve);
        }),
    }),
  });
}

function refused(table: string): ConnectorError {
  return new ConnectorError(table, 'the database is away.', { retryable: true });
}
