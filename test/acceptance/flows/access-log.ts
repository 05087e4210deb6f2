/** Per host and minute of event time: requests, bytes, seconds and different users of what did not fail. */
import { count, distinct, file, flow, max, stdin, sum, tumbling } from 'daoflow';

interface Request {
  at: number;
  host: string;
  method: string;
  path: string;
  status: number;
  bytes: number;
  seconds: number;
  agent: string;
  user?: string | null;
  referer?: string;
}

const input = process.env['ACCEPTANCE_IN'];

export default flow('access-log')
  .from<Request>(input === undefined ? stdin() : file(input))
  .filter((request) => request.status < 400 && request.method !== 'HEAD')
  .eventTime((request) => request.at, { outOfOrder: '2s' })
  .keyBy('host')
  .window(tumbling('1m'))
  .aggregate({
    requests: count(),
    bytes: sum((request) => request.bytes),
    seconds: sum((request) => request.seconds),
    slowest: max((request) => request.seconds),
    users: distinct((request) => request.user ?? '-'),
    pathLength: sum((request) => request.path.length),
    agentLength: sum((request) => request.agent.length),
  })
  .to(file(process.env['ACCEPTANCE_OUT'] ?? 'out.ndjson', { mode: 'overwrite' }));
