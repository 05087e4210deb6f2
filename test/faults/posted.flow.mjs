/** What is attacked: numbered events by HTTP, into a file. Tells its port on stderr. */

import { file, flow } from 'daoflow';
import { http } from 'daoflow/http';

const { OUT, DATA, CONNECTIONS } = process.env;
const connections = CONNECTIONS === undefined ? {} : { maxConnections: Number(CONNECTIONS) };
const most = CONNECTIONS === undefined ? {} : { maxConnectionsPerPeer: Number(CONNECTIONS) };

const posted = flow('posted', DATA === undefined ? {} : { data: DATA, checkpointEvery: '200ms' })
  .from(http({ port: 0, path: '/events', ...connections, ...most }))
  .map(({ n }) => ({ n }))
  .to(file(OUT, { mode: 'append' }));

// With a data directory dead letters are there.
export default DATA === undefined ? posted.deadLetters({ path: `${OUT}.letters` }) : posted;
