/**
 * What must become of bytes, by the simplest means: split at line ends, `JSON.parse`. Values as JSON text, as they must be
 * written; what cannot be read as its bytes, as a dead letter must have them.
 */

const MOST_LEVELS = 1000;
/** Of an event (payloads.flow.mjs). */
export const MAX_EVENT_BYTES = 100_000;
/** Of the body of a request, after decompression (payloads.flow.mjs). */
export const MAX_BODY_BYTES = 2 * MAX_EVENT_BYTES;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * @param isMiddle - a byte order mark is none there
 * @param isKept - the source cannot give a record again: the dead letter has all of it, else the beginning of one that is too long
 * @returns { values, letters }, undefined where there is no oracle: CSV is judged by its numbers alone
 */
export function expectedOf(format, bytes, { isMiddle = false, isKept = false } = {}) {
  if (format === 'csv') return undefined;
  const found = { values: [], letters: [] };
  const take = format === 'json' ? takeDocument : takeLine;
  for (const [start, end] of format === 'json' ? [[0, bytes.length]] : linesOf(bytes)) {
    const hasMark = start === 0 && !isMiddle && bytes.subarray(0, 3).equals(Buffer.from('\ufeff'));
    take(found, bytes.subarray(start, end), hasMark ? 3 : 0, isKept);
  }
  return found;
}

function takeLine(found, line, from, isKept) {
  const value = line.length > MAX_EVENT_BYTES ? undefined : parsed(line.subarray(from));
  if (isBlank(line, from)) return;
  if (value === undefined) found.letters.push(letterOf(isKept ? line : line.subarray(0, MAX_EVENT_BYTES)));
  else found.values.push(JSON.stringify(value.of));
}

function takeDocument(found, body, from) {
  if (isBlank(body, from)) return;
  const value = parsed(body.subarray(from));
  if (value === undefined) found.letters.push(letterOf(body));
  else for (const each of Array.isArray(value.of) ? value.of : [value.of]) found.values.push(JSON.stringify(each));
}

/** Bytes as text that can be compared. */
export const letterOf = (bytes) => Buffer.from(bytes).toString('latin1');

function parsed(bytes) {
  try {
    const of = JSON.parse(strict.decode(bytes));
    return levelsOf(of) > MOST_LEVELS ? undefined : { of };
  } catch {
    return undefined;
  }
}

const isBlank = (bytes, from) => bytes.subarray(from).every((byte) => [32, 9, 13, 10].includes(byte));

function* linesOf(bytes) {
  for (let start = 0; start < bytes.length;) {
    const at = bytes.indexOf(10, start);
    const end = at < 0 ? bytes.length : at;
    yield [start, end];
    start = end + 1;
  }
}

function levelsOf(value) {
  let level = [value];
  for (let levels = 0; ; levels += 1) {
    level = level.filter((each) => typeof each === 'object' && each !== null);
    if (level.length === 0) return levels;
    level = level.flatMap((each) => Object.values(each));
  }
}
