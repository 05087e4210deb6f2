/** The public door `daoflow/tcp`: NDJSON over TCP connections. */

export { tcp } from './connector/tcp/tcp.ts';
export type { TcpOptions } from './connector/tcp/tcp.ts';
