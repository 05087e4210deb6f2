/**
 * The table `daoflow_checkpoint`: one row per flow, with its owner and the checkpoint that was committed last.
 *
 * Ownership is the `epoch`: whoever raises it owns the flow, and every transaction of a run touches the row by the epoch
 * that the run got. `backend` is the owner's connection, so that a new owner can end it: a process that stands still would
 * else hold its locks for as long as it likes.
 */

export const CHECKPOINT_TABLE = 'daoflow_checkpoint';

export const TABLE_EXISTS: string = `select to_regclass('${CHECKPOINT_TABLE}') is not null as exists`;

export const CREATE_TABLE: string = `create table if not exists ${CHECKPOINT_TABLE} (
  flow text primary key, epoch int not null, owner text not null, since timestamptz not null,
  backend int not null, backend_start timestamptz not null,
  number int not null default 0, at timestamptz, state bytea)`;

/** The owner's connection. Parameter: flow. */
export const OWNERS_BACKEND: string = `select backend, backend_start::text as start from ${CHECKPOINT_TABLE} where flow = $1`;

/** Ends a connection, unless another one has its number by now. Parameters: backend, start. */
export const END_BACKEND = `select pg_terminate_backend(pid) from pg_stat_activity
  where pid = $1::int and backend_start = $2::text::timestamptz and pid <> pg_backend_pid()`;

const OWN_BACKEND = 'pg_stat_activity a where a.pid = pg_backend_pid()';

/**
 * Raises the epoch, if the owner's connection is still the one that was ended; no row comes back if not. A commit of the
 * owner's that is under way holds the row, and is waited for: what it committed is what comes back.
 *
 * Parameters: flow, owner, start of the connection that was ended, or ''.
 */
export const TAKE_OVER: string = `insert into ${CHECKPOINT_TABLE} as c (flow, epoch, owner, since, backend, backend_start)
  select $1::text, 1, $2::text, now(), a.pid, a.backend_start from ${OWN_BACKEND}
  on conflict (flow) do update set epoch = c.epoch + 1, owner = excluded.owner, since = excluded.since,
    backend = excluded.backend, backend_start = excluded.backend_start
    where c.backend_start::text = $3::text
  returning epoch, number, state`;

/** The same owner on a new connection; no row when there is a newer one. Parameters: flow, epoch. */
export const COME_BACK: string = `update ${CHECKPOINT_TABLE} set backend = a.pid, backend_start = a.backend_start
  from ${OWN_BACKEND} and flow = $1 and epoch = $2::int returning number`;

/** No row when there is a newer owner. Parameters: flow, epoch, number, state in base 64. */
export const SAVE: string = `update ${CHECKPOINT_TABLE} set number = $3::int, at = now(), state = decode($4, 'base64')
  where flow = $1 and epoch = $2::int returning number`;

/** Parameter: flow. */
export const OWNER: string = `select owner, epoch, since::text as since from ${CHECKPOINT_TABLE} where flow = $1`;
