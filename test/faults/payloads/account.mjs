/**
 * Decides, outside the engine, where every event that was sent is: `node account.mjs SENT OUT LETTERS`. By the numbers of the
 * records each is in the output or in a dead letter, once, or was refused and is in neither; and by the oracle each has the
 * value, or the dead letter the bytes, that was sent.
 */

import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { at } from '../../../scripts/lib/paths.mjs';
import { expectedOf, letterOf } from './oracle.mjs';
import { numbersIn } from './records.mjs';

const [sentPath, outPath, lettersPath] = process.argv.slice(2);
const MOST_SAID = 8;
/** A way is told by its payload, so that it can be sent again: FUZZ_SEED, and the number of the payload. */
const faults = [];
const counts = {
  payloads: 0,
  events: 0,
  written: 0,
  deadLetters: 0,
  refused: 0,
  cutOff: 0,
  lost: 0,
  repeated: 0,
  wrong: 0,
};
/** How often each number, value and dead letter was found; what is expected is taken away again. */
const found = { numbers: new Map(), values: new Map(), letters: new Map() };
/** Bodies that have no oracle, by their payload: CSV, and what was cut. */
const loose = new Map();

for await (const line of linesOf(outPath)) {
  add(found.values, JSON.stringify(JSON.parse(line)), 1);
  for (const number of numbersIn(line)) place(number).written += 1;
}
for (const { reason, raw, rawBase64 } of letters()) {
  const bytes = rawBase64 === undefined ? Buffer.from(raw ?? '') : Buffer.from(rawBase64, 'base64');
  if (!reason || bytes.length === 0) wrong('a dead letter without reason or bytes', { reason });
  add(found.letters, letterOf(bytes), 1);
  for (const number of numbersIn(bytes)) place(number).deadLetters += 1;
}
for await (const line of linesOf(sentPath)) judge(JSON.parse(line));
leftOver();
console.log(JSON.stringify(counts));
for (const each of faults.slice(0, MOST_SAID)) console.error(each);
process.exit(counts.lost + counts.repeated + counts.wrong === 0 ? 0 : 1);

function judge({ body: base64, rest, ...sent }) {
  const body = Buffer.from(base64, 'base64');
  const numbers = numbersIn(body);
  counts.payloads += 1;
  counts.events += numbers.length;
  for (const number of numbersIn(Buffer.from(rest, 'base64'))) {
    counts.events += 1;
    counts.refused += 1;
    expectNone(number, sent);
  }
  const fate = fateOf(sent, numbers);
  if (fate === 'refused') {
    counts.refused += numbers.length;
    for (const number of numbers) expectNone(number, sent);
  } else if (fate === 'beginning') {
    judgeBeginning(sent, body, numbers);
  } else {
    for (const number of numbers) expectOnce(number, sent);
    expectOutcomes(sent, body);
  }
}

/** Only HTTP answers (`hangsUp` is known): there the answer decides, and where the sender hung up, the first number does. */
function fateOf({ verdict, hangsUp, statuses, answer, ...sent }, numbers) {
  if (hangsUp === undefined) return verdict;
  const allowed = [429, 503, ...(verdict === 'taken' ? [202, 400] : statuses), ...(hangsUp ? [undefined] : [])];
  if (!allowed.includes(answer?.status)) wrong(`answered ${answer?.status}`, sent);
  if (verdict === 'refused') return verdict;
  if (answer === undefined) return numbers.some(isFound) ? 'taken' : 'refused';
  const { accepted, invalid } = JSON.parse(answer.said || '{}');
  return answer.status === 202 || accepted + invalid > 0 ? 'taken' : 'refused';
}

/** Only what is behind the last that is found may be missing; the record that was cut is a dead letter. */
function judgeBeginning(sent, body, numbers) {
  const missing = numbers.findIndex((number) => !isFound(number));
  const isThere = missing < 0 ? numbers : numbers.slice(0, missing);
  counts.cutOff += numbers.length - isThere.length;
  for (const number of isThere) expectOnce(number, sent);
  for (const number of numbers.slice(isThere.length)) expectNone(number, sent);
  loose.set(String(sent.payload), body.toString('latin1'));
  const values = expectedOf('ndjson', body).values.slice(0, isThere.length);
  for (const value of values) if (found.values.has(value)) add(found.values, value, -1);
}

function expectOutcomes({ format, isMiddle, answer, ...sent }, body) {
  const expected = expectedOf(format, body, { isMiddle, isKept: sent.hangsUp !== undefined });
  if (expected === undefined) {
    loose.set(String(sent.payload), body.toString('latin1'));
    return;
  }
  for (const value of expected.values)
    if (!add(found.values, value, -1)) wrong(`not written: ${value.slice(0, 200)}`, sent);
  for (const letter of expected.letters)
    if (!add(found.letters, letter, -1)) wrong(`no dead letter: ${letter.slice(0, 200)}`, sent);
  if (answer === undefined) return;
  const { accepted, invalid } = JSON.parse(answer.said || '{}');
  const isRight =
    accepted === undefined || (accepted === expected.values.length && invalid === expected.letters.length);
  if (!isRight) wrong(`answered ${answer.said}, sent ${expected.values.length} and ${expected.letters.length}`, sent);
}

/** What is there beyond: values of CSV, and dead letters of CSV or of a record that was cut, each as it was sent. */
function leftOver() {
  for (const value of found.values.keys()) {
    if (!loose.has(payloadOf(value))) wrong(`written, but not sent: ${value.slice(0, 200)}`, {});
  }
  for (const letter of found.letters.keys()) {
    const own = loose.get(payloadOf(letter));
    const wasSent =
      own === undefined ? [...loose.values()].some((body) => body.includes(letter)) : own.includes(letter);
    if (!wasSent) wrong(`a dead letter of nothing: ${letter.slice(0, 200)}`, {});
  }
}

function payloadOf(text) {
  return /#(\d+)-\d+#/.exec(text)?.[1];
}

function expectOnce(number, sent) {
  const { written, deadLetters } = place(number);
  counts.written += written;
  counts.deadLetters += deadLetters;
  if (written + deadLetters === 0) fault('lost', number, sent);
  if (written + deadLetters > 1) fault('repeated', number, sent);
}

function expectNone(number, sent) {
  if (isFound(number)) wrong(`${number} was refused, and is there`, sent);
}

function fault(kind, number, sent) {
  counts[kind] += 1;
  faults.push(`${kind} ${number}: ${JSON.stringify(sent)}`);
}

function wrong(what, sent) {
  counts.wrong += 1;
  faults.push(`${what}: ${JSON.stringify(sent)}`);
}

function place(number) {
  if (!found.numbers.has(number)) found.numbers.set(number, { written: 0, deadLetters: 0 });
  return found.numbers.get(number);
}

function isFound(number) {
  const { written, deadLetters } = place(number);
  return written + deadLetters > 0;
}

/** @returns false when there is none to take away */
function add(map, key, by) {
  const count = (map.get(key) ?? 0) + by;
  if (count === 0) map.delete(key);
  else if (count > 0) map.set(key, count);
  return count >= 0;
}

function linesOf(path) {
  return existsSync(path) ? createInterface({ input: createReadStream(path) }) : [];
}

function letters() {
  if (!existsSync(lettersPath)) return [];
  const { stdout } = spawnSync(process.execPath, [at('dist/cli.js'), 'log', 'cat', lettersPath], {
    encoding: 'utf8',
    maxBuffer: 2 ** 29,
  });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
