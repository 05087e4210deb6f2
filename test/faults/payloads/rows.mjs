/** Rows of `npm run test:faults`: malformed payloads through each real source, every event accounted for. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { at } from '../../../scripts/lib/paths.mjs';
import { startListening } from '../../../scripts/lib/suite.mjs';
import { Account, connectAll, pipeAll, postAll, writeAll } from './sent.mjs';

/** Shares of all payloads. */
const SOURCES = [
  { source: 'http', share: 0.3, what: 'by HTTP, without data', send: postAll },
  { source: 'http', share: 0.3, what: 'by HTTP, with data', send: postAll, hasData: true },
  { source: 'tcp', share: 0.2, what: 'over TCP', send: connectAll },
  { source: 'file', share: 0.1, what: 'in files', isDamaged: true },
  { source: 'stdin', share: 0.1, what: 'into standard input' },
];

/** @param payloads - how many in all; payload n is known from `fuzzSeed + n` */
export async function payloadRows({ folder, row, payloads, fuzzSeed }) {
  for (const each of SOURCES) {
    await fed(each, { folder, row, seed: fuzzSeed, count: Math.round(payloads * each.share) });
  }
}

async function fed({ source, what, send, hasData, isDamaged }, { folder, row, seed, count }) {
  const own = (name) => join(folder, `payloads-${what.replaceAll(/\W+/g, '-')}-${name}`);
  const account = new Account(own('sent'));
  const place = { OUT: own('out.ndjson'), INPUT: own('input') };
  const sending = { seed, count, account, out: place.OUT };
  const letters = hasData === true ? { DATA: own('data') } : { LETTERS: own('letters') };
  if (source === 'file') writeAll(place.INPUT, sending);
  const exitCode = isDamaged === true ? 1 : 0;
  const env = { ...place, ...letters, SOURCE: source };
  const run = startListening('test/faults/payloads/payloads.flow.mjs', { env, exitCode, stdin: 'pipe' });
  if (source === 'stdin') await pipeAll(run.child.stdin, sending);
  if (send !== undefined) {
    await send(await run.port, sending);
    run.child.kill('SIGTERM');
  }
  const { code } = await run.ended;
  await account.close();
  const kept = letters.LETTERS ?? join(letters.DATA, 'dead-letters');
  const { status, stdout, stderr } = spawnSync(process.execPath, [
    at('test/faults/payloads/account.mjs'),
    own('sent'),
    place.OUT,
    kept,
  ]);
  const isRight = status === 0 && code === exitCode;
  if (!isRight) console.error(`exit code ${code}\n${stderr}`);
  row(
    `${count.toLocaleString('en')} payloads, half of them malformed, ${what}: each event is accounted for`,
    isRight,
    String(stdout).trim(),
  );
}
