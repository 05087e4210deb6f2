import { afterAll, beforeAll, beforeEach, type TestContext } from 'vitest';
import { startPostgres, type PostgresServer } from '../../scripts/lib/postgres.mjs';

/** Installing PostgreSQL, where it is missing and can be installed, takes this long at most. */
const START_MS = 300_000;

/** A server for the tests of a file. Where there can be none, each of them is skipped and says why. */
export function postgresForTests(): () => PostgresServer {
  let server: PostgresServer | undefined;
  let reason = 'the server was not started';
  beforeAll(async () => {
    try {
      server = await startPostgres();
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
  }, START_MS);
  beforeEach((context) => {
    if (server === undefined) context.skip(reason);
  });
  afterAll(() => server?.stop(), START_MS);
  return () => {
    if (server === undefined) throw new Error(reason);
    return server;
  };
}

/** Skips a test that stops and starts the server, or needs one of its own. */
export function needsOwnServer(context: TestContext, { isOwn }: PostgresServer): void {
  if (!isOwn) context.skip('DATABASE_URL is set: its server is not ours to stop');
}
