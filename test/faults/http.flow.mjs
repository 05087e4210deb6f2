/** What is posted, into a file. */

import { file, flow } from 'daoflow';
import { http } from 'daoflow/http';

const { OUT, DATA, PORT } = process.env;

export default flow('posted', { data: DATA, checkpointEvery: '100ms' })
  .from(http({ port: Number(PORT), path: '/events' }))
  .to(file(OUT, { mode: 'overwrite' }));
