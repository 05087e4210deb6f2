/** A web access log as NDJSON: deterministic, in time order, with what real logs have and decoders stumble over. */

import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

const FIRST_MS = 1_760_000_000_000;
const AGENTS = ['Mozilla/5.0 (X11; Linux x86_64)', 'curl/8.5.0', 'Sögni "2.0" \\ naïve', 'бот/1.1', 'tab\there'];
const MALFORMED = ['{"at":', 'not json at all', '{"at":1,"path":"/x",}', '{"at":1} {"at":2}', '[1,2'];
const BLOCK_LINES = 2000;

/** @returns what was written: lines, malformed lines, bytes */
export async function writeAccessLog(path, bytesWanted) {
  const out = createWriteStream(path);
  const written = { lines: 0, malformed: 0, bytes: 0 };
  while (written.bytes < bytesWanted) {
    let block = '';
    for (let i = 0; i < BLOCK_LINES; i += 1) block += `${line(written)}\n`;
    written.bytes += Buffer.byteLength(block);
    if (!out.write(block)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  return written;
}

function line(written) {
  const n = written.lines;
  written.lines += 1;
  const mixed = Math.imul(n + 1, 2_654_435_761) >>> 0;
  if (mixed % 10_000 === 7) {
    written.malformed += 1;
    return MALFORMED[n % MALFORMED.length];
  }
  const event = {
    at: FIRST_MS + n * 3,
    method: mixed % 5 === 0 ? 'POST' : 'GET',
    path: `/item/${mixed % 5000}`,
    status: mixed % 50 === 0 ? 500 : mixed % 9 === 0 ? 404 : 200,
    bytes: mixed % 60_000,
    ms: (mixed % 100_000) / 64,
    user: `user-${(mixed >>> 7) % 10_000}`,
    host: `web-${mixed % 16}.example`,
    agent: AGENTS[mixed % AGENTS.length],
  };
  if (mixed % 3 === 0) event.referer = `/item/${(mixed >>> 5) % 5000}`;
  return JSON.stringify(event);
}
