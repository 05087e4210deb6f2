/** Bodies: records in a row, as NDJSON, as one JSON document, or as CSV. */

import { record, stray } from './records.mjs';

const MOST_RECORDS = 16;
const LINE_ENDS = ['\n', '\n', '\n', '\n', '\r\n', '\n\n', ' \n', '\n \t\r\n'];
const HEADER = 'id,key,value\n';

/** @returns NDJSON. @param isNumbered - every line has a number, and nothing breaks a line in two */
export function ndjsonBody(random, payload, { isNumbered = false } = {}) {
  const parts = random.once(20) && !isNumbered ? ['\ufeff'] : [];
  for (let i = 0, count = 1 + random.below(MOST_RECORDS); i < count; i += 1) {
    const number = `#${payload}-${i}#`;
    parts.push(isNumbered ? `{"id":"${number}","value":${random.below(1000)}}` : record(random, number));
    parts.push(isNumbered ? '\n' : random.pick(LINE_ENDS));
    if (!isNumbered && random.once(8)) parts.push(stray(random), '\n');
  }
  if (random.once(3)) parts.pop();
  return joined(parts);
}

/** @returns one value, an array of some, or what was meant to be one */
export function jsonBody(random, payload) {
  const isWhole = random.once(2);
  const records = Array.from({ length: 1 + random.below(MOST_RECORDS) }, (_, i) => {
    const number = `#${payload}-${i}#`;
    return isWhole || random.once(2) ? Buffer.from(`{"id":"${number}","value":${i}}`) : record(random, number);
  });
  if (random.once(4)) return records[0];
  const parts = records.flatMap((each, i) => (i === 0 ? [each] : [random.once(40) ? ' ' : ',', each]));
  return joined(['[', ...parts, random.once(10) ? '' : ']']);
}

/** @returns CSV: quotes where they do not belong, fields too few and too many, bytes that are no UTF-8 */
export function csvBody(random, payload) {
  const parts = [HEADER];
  for (let i = 0, count = 1 + random.below(MOST_RECORDS); i < count; i += 1)
    parts.push(csvRow(random, `#${payload}-${i}#`));
  if (random.once(3)) parts.push(parts.pop().subarray(0, -1));
  return joined(parts);
}

const CSV_ROWS = [
  (number) => `${number},k,1\n`,
  (number) => `${number},k,1\r\n`,
  (number) => `"${number}","a ""quoted"" key","with\na line end"\n`,
  (number) => `${number}\n`,
  (number) => `${number},k,1,2,3\n`,
  (number) => `"${number},k,1\n`,
  (number) => `${number},"k"x,1\n`,
  (number) => `${number},k"k,1\n`,
  (number) => `\n\n${number},,\n`,
  (number) => `${number},\u0000,\u2028\n`,
  (number) => Buffer.concat([Buffer.from(`${number},`), Buffer.from([0xff, 0xc0]), Buffer.from(',1\n')]),
  (number) => `${number},${'k'.repeat(2_000)},1\n`,
];

const csvRow = (random, number) => Buffer.from(random.pick(random.once(2) ? CSV_ROWS.slice(0, 3) : CSV_ROWS)(number));

const joined = (parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));
