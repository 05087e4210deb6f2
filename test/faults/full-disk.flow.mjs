/** What runs out of disk: bodies by HTTP, kept in `DATA` until they are done, into a file elsewhere. Tells its port on stderr. */

import { file, flow } from 'daoflow';
import { http } from 'daoflow/http';

const { OUT, DATA } = process.env;

export default flow('full', { data: DATA, checkpointEvery: '200ms' })
  .from(http({ port: 0, format: 'ndjson' }))
  .map(({ n }) => ({ n }))
  .to(file(OUT, { mode: 'append' }));
