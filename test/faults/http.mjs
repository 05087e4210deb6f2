/** The row about HTTP: whatever was answered with 202 is in the output, once, however often the server is killed. */

import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFlow } from '../../scripts/lib/suite.mjs';
import { killAtRandom } from './lives.mjs';

const PORT = 38_491;
const BODY_EVENTS = 100;
const SENDERS = 4;
const KILLS = 10;
const LIFE_MS = [600, 2_000];

export async function httpRows({ folder, row, random, isQuick }) {
  const out = join(folder, 'http-out.ndjson');
  const start = () =>
    startFlow('test/faults/http.flow.mjs', { env: { OUT: out, DATA: join(folder, 'http-data'), PORT: `${PORT}` } });
  const answered = new Set();
  const sending = { isOver: false, next: 0, refused: 0 };
  const senders = Array.from({ length: SENDERS }, () => send(sending, answered));
  const killed = await killAtRandom(start, isQuick ? 4 : KILLS, random, LIFE_MS);
  const last = start();
  await sleep(2_000);
  sending.isOver = true;
  await Promise.all(senders);
  await sleep(500);
  last.child.kill('SIGTERM');
  const { code } = await last.ended;

  const times = new Map();
  for (const line of readFileSync(out, 'utf8').split('\n')) {
    if (line === '') continue;
    const { n } = JSON.parse(line);
    times.set(n, (times.get(n) ?? 0) + 1);
  }
  const lost = [...answered].filter((n) => !times.has(n)).length;
  const repeated = [...times.values()].filter((count) => count > 1).length;
  row(
    'HTTP with data, kill -9: every event answered with 202 is in the output, once',
    code === 0 && killed > 0 && answered.size > 0 && lost + repeated === 0,
    `${killed} kills, ${answered.size} answered, ${sending.refused} posts without an answer, lost ${lost}, repeated ${repeated}`,
  );
}

/** Posts batch after batch; one that gets no answer is not sent again, so that each event comes once at most. */
async function send(sending, answered) {
  const agent = new Agent({ keepAlive: true });
  while (!sending.isOver) {
    const from = sending.next;
    sending.next += BODY_EVENTS;
    const numbers = Array.from({ length: BODY_EVENTS }, (_, i) => from + i);
    const status = await post(agent, numbers.map((n) => `{"n":${n}}\n`).join('')).catch(() => 0);
    if (status === 202) for (const n of numbers) answered.add(n);
    else {
      sending.refused += 1;
      await sleep(20);
    }
  }
  agent.destroy();
}

function post(agent, body) {
  const headers = { 'content-type': 'application/x-ndjson', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const call = request(
      { agent, host: '127.0.0.1', port: PORT, path: '/events', method: 'POST', headers, timeout: 5_000 },
      (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
        response.on('error', reject);
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer')));
    call.on('error', reject).end(body);
  });
}
