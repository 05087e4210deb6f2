/** Rows of `npm run test:faults` about code of the user that hangs, throws, leaks, blocks or ends its thread. */

import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { at } from '../../scripts/lib/paths.mjs';
import { writeEvents } from './events.mjs';

const COUNT = 20_000;
const AT = 5000;
/** Events whose number ends in 7 of each `AT`. */
const BAD = COUNT / AT;
const BLOCK_S = 2;
const LIMIT_MS = 90_000;

const KINDS = [
  { kind: 'hangs', what: 'a call that never ends: given up after its deadline, then isolated', letters: BAD },
  { kind: 'throws', what: 'a handler that throws: its event alone is a dead letter', letters: BAD },
  { kind: 'rejects later', what: 'a handler that rejects later: its event alone is a dead letter', letters: BAD },
  { kind: 'stray error', what: 'an error where nobody waits: a new thread', letters: 0, isFatal: true },
  { kind: 'unhandled rejection', what: 'a rejection that nobody catches: a new thread', letters: 0, isFatal: true },
  { kind: 'exit', what: 'process.exit in a handler: a new thread', letters: 0, isFatal: true },
  { kind: 'loop', what: 'an endless loop: named, ended, a new thread', letters: 0, isFatal: true, isHeld: true },
  { kind: 'regular expression', what: 'a regular expression without end', letters: 0, isFatal: true, isHeld: true },
  { kind: 'heap', what: 'a heap of 100 MB exhausted: a new thread', letters: 0, isFatal: true },
];

/** @param row - takes a name, whether it is right, and its figures */
export async function handlerRows(folder, row) {
  const events = join(folder, 'handlers.ndjson');
  await writeEvents(events, COUNT);
  for (const each of KINDS) await misbehaving(each, events, join(folder, each.kind.replaceAll(' ', '-')), row);
}

async function misbehaving({ kind, what, letters, isFatal, isHeld }, events, place, row) {
  const [out, data] = [`${place}.ndjson`, `${place}.data`];
  const env = { EVENTS: events, OUT: out, DATA: data, KIND: kind, MARK: `${place}.mark`, AT: String(AT) };
  const began = Date.now();
  const { code, said } = await finished(env, kind === 'heap' ? '--max-old-space-size=100' : '');
  const tookMs = Date.now() - began;
  const checker = spawnSync(process.execPath, [
    at('test/faults/each-once.mjs'),
    out,
    data,
    String(COUNT),
    String(letters),
  ]);
  const restarts = said.split('a new thread goes on').length - 1;
  const isNamed = isHeld !== true || /handlers\.flow\.mjs:\d+/.test(said);
  const isRight = code === 0 && checker.status === 0 && isNamed && restarts === (isFatal === true ? 1 : 0);
  if (!isRight) console.error(said);
  row(what, isRight, `${restarts} restarts, ${tookMs} ms in all, ${String(checker.stdout).trim()}`);
}

function finished(env, nodeOptions) {
  const args = [
    at('dist/cli.js'),
    'run',
    at('test/faults/handlers.flow.mjs'),
    '--plain',
    '--block-timeout',
    `${BLOCK_S}`,
  ];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env, NO_COLOR: '1', NODE_OPTIONS: nodeOptions },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (bytes) => (said = `${said}${bytes}`.slice(-8000)));
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(limit);
      resolve({ code, said });
    });
  });
}
