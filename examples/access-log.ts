/** Per minute and status of a web access log: requests, bytes and the slowest. DOOR says how the log comes in, LOG and ANSWER name files. */

import { count, file, flow, max, stdin, sum, tumbling, type ByteSource } from 'daoflow';
import { http } from 'daoflow/http';
import { tcp } from 'daoflow/tcp';

interface Request {
  readonly at: number;
  readonly method: string;
  readonly status: number;
  readonly bytes: number;
  readonly ms: number;
}

const { DOOR = 'file', LOG = '', ANSWER = '', PORT = '0' } = process.env;

const doors: Readonly<Record<string, () => ByteSource>> = {
  file: () => file(LOG),
  stdin: () => stdin(),
  tcp: () => tcp({ port: Number(PORT) }),
  http: () => http({ port: Number(PORT), maxBodyBytes: 16 * 1024 * 1024 }),
};

export default flow('answers')
  .from<Request>((doors[DOOR] ?? (() => file(LOG)))())
  .filter((request) => request.method === 'GET')
  .eventTime((request) => request.at)
  .keyBy((request) => request.status)
  .window(tumbling('1m'))
  .aggregate({ n: count(), bytes: sum((request) => request.bytes), slowest: max((request) => request.ms) })
  .to(file(ANSWER, { format: 'ndjson', mode: 'overwrite' }));
