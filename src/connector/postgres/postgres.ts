import { InvariantError } from '../../errors/errors.ts';
import type { Sink, SinkContext, SinkWriter, WriteOptions } from '../../event/sink.ts';
import { onAbort } from '../waiting.ts';
import { Client } from './client.ts';
import { failureOf } from './failure.ts';
import { transactionPlace } from './place.ts';
import { readSettings, type PostgresOptions, type PostgresSettings } from './settings.ts';
import { checkedTable, DESCRIBE_TABLE, searchedName, type Table, type TableDescription } from './table.ts';
import { Transaction } from './transaction.ts';
import { Writer } from './writer.ts';

/**
 * A sink that writes events to a table of PostgreSQL 12 or later, by batched INSERT or by COPY.
 *
 * Needs the npm package `postgres`. A batch is one statement, and confirmed once it is committed. Lost connections, locks,
 * deadlocks and restarts are retried; events that the table refuses become dead letters. With a `key`, writing an event
 * twice leaves one row; without one, a connection that is lost while a statement commits may leave two. With `exactlyOnce`
 * there is one in any case, after crashes of the process too.
 *
 * @throws ConfigError when the options make no sense
 * @example
 * flow('orders').from(source).to(postgres({ table: 'orders', key: 'id' })) // DATABASE_URL says where
 */
export function postgres<E = unknown>(options: PostgresOptions<E>): Sink<E> {
  const settings = readSettings(options);
  const { name, maxBatch, maxConnections, exactlyOnce } = settings;
  return {
    name,
    limits: { maxBatch, maxConcurrency: maxConnections },
    ...(settings.key.length > 0 && { repeats: 'by key' }),
    ...(exactlyOnce && { transaction: transactionPlace(settings) }),
    open: (context) => open(settings, context),
  };
}

async function open(settings: PostgresSettings, context: SinkContext): Promise<SinkWriter<unknown>> {
  const client = await Client.load(settings, context.scheduler);
  warnOfProtection(settings, context);
  try {
    const table = await describe(client, settings);
    const writer = new Writer(settings, table);
    const said = (event: unknown): void => {
      if (settings.bindings === undefined) sayWhatIsLeft(event, table, settings, context);
    };
    if (!settings.exactlyOnce) return writerOn(client, writer, context.signal, said);
    await client.close();
    return writerIn(context.transaction, writer, said);
  } catch (cause) {
    await client.close();
    throw cause;
  }
}

function writerIn(
  transaction: SinkContext['transaction'],
  writer: Writer,
  onFirst: (event: unknown) => void,
): SinkWriter<unknown> {
  if (!(transaction instanceof Transaction)) throw new InvariantError('a sink with exactlyOnce has its transaction');
  return { write: once(onFirst, (events, { signal }) => transaction.write((to) => writer.write(events, to), signal)) };
}

async function describe(client: Client, settings: PostgresSettings): Promise<Table> {
  const { name, server, table } = settings;
  const asked = client.query(DESCRIBE_TABLE, [searchedName(table)], false);
  const [found] = await asked.catch((cause: unknown) => {
    throw failureOf(name, `cannot use the server at ${server.address}`, cause);
  });
  return checkedTable(found as TableDescription | undefined, settings);
}

function writerOn(
  client: Client,
  writer: Writer,
  signal: AbortSignal,
  onFirst: (event: unknown) => void,
): SinkWriter<unknown> {
  const forget = onAbort(signal, () => void client.close());
  return {
    write: once(onFirst, (events) => writer.write(events, client)),
    close: async () => {
      forget();
      await client.close();
    },
  };
}

type Write = (events: readonly unknown[], options: WriteOptions) => Promise<void>;

function once(onFirst: (event: unknown) => void, write: Write): Write {
  let isFirst = true;
  return async (events, options) => {
    if (events.length === 0) return;
    if (isFirst) onFirst(events[0]);
    isFirst = false;
    await write(events, options);
  };
}

/** A misspelt field must not be NULL in silence; one that is left out on purpose is no reason to warn. */
function sayWhatIsLeft(
  event: unknown,
  { name: table, columns }: Table,
  { name }: PostgresSettings,
  context: SinkContext,
): void {
  const fields = typeof event === 'object' && event !== null ? Object.keys(event) : [];
  const left = fields.filter((field) => !columns.some((column) => column.name === field));
  if (left.length > 0) context.notice('info', `${name}: ${table} has no column for ${left.join(', ')}: not written`);
}

function warnOfProtection({ name, server }: PostgresSettings, context: SinkContext): void {
  if (server.protection === 'none')
    context.notice('warn', `${name}: the connection to ${server.address} is not encrypted: set tls`);
  if (server.protection === 'encrypted') {
    context.notice(
      'warn',
      `${name}: the certificate of ${server.address} is not checked: set tls, or sslmode=verify-full`,
    );
  }
}
