/** The public door `daoflow/postgres`: events into a table, by INSERT or COPY. */

export { postgres } from './connector/postgres/postgres.ts';
export type { PostgresOptions } from './connector/postgres/settings.ts';
