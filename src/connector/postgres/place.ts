import { hostname } from 'node:os';
import type { TransactionPlace } from '../../event/transaction.ts';
import { connector } from './connection.ts';
import type { PostgresSettings } from './settings.ts';
import { Transaction } from './transaction.ts';

/** The database of a sink as the place where outputs are committed together with the flow's checkpoints. */
export function transactionPlace(settings: PostgresSettings): TransactionPlace {
  const { name, server } = settings;
  const { pathname, username } = new URL(server.url);
  return {
    name: `${server.address}${pathname}${username === '' ? '' : ` as ${decodeURIComponent(username)}`}`,
    open: async (context) => {
      const connect = await connector(settings, context.scheduler, true);
      const owner = `process ${process.pid} on ${hostname()}`;
      return Transaction.begin({ ...context, name, address: server.address, owner, connect });
    },
  };
}
