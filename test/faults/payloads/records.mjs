/**
 * Records that carry a number of their own, `#PAYLOAD-RECORD#`, whole or malformed. The number itself is never touched: wherever
 * the record ends up, it can be found there.
 */

const NUMBER = /#\d+-\d+#/g;

/** @returns the numbers in it, in order */
export const numbersIn = (bytes) => Buffer.from(bytes).toString('latin1').match(NUMBER) ?? [];

const VALUES = [
  '0', '-0', '1.5e3', '1e999', '01', '1.', '.5', '-', '+1', '0x10', 'NaN', '9007199254740993', '9'.repeat(400), '""', '"\\u0041"', '"\\ud83d"',
  '"\\x41"', '"\\', '"日本語"', '"\u2028"', '"\u0000"', '"tab\tin"', "'single'", 'unquoted', '"two""strings"', 'true', 'tru', 'null', 'undefined', '',
  '{}', '[]', '[1,]', '{"a":1,}', '{"__proto__":{"polluted":1}}', '{"a":1,"a":2}', '[1 2]', '{"x"}', '}', ']', '[[[]', '{"toString":1}', '// comment', '/**/1',
]; // prettier-ignore
const NAMES = [
  'value',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  '\\u0000',
  'v\\u0061lue',
  'a b',
  'é',
];
/** No JSON, or none that is an object. */
const WITHOUT_NUMBER = [
  'null',
  'true',
  '0',
  '"text"',
  '[]',
  '{}',
  '{',
  ']',
  ',',
  '\u0000',
  'undefined',
  '<xml/>',
  '{"a":1}{"b":2}',
];
const TAILS = ['x', ',', '}', ']', '{}', '\u0000', '\ufeff', ' ', '\t', '\r', '//', '{"again":1}'];
const DEPTHS = [900, 1_100, 10_000];
/** Longer than an event may be (payloads.flow.mjs). */
const TOO_LONG = 120_000;

/** One line of NDJSON, without its end. @param number - `#PAYLOAD-RECORD#` */
export function record(random, number) {
  const plain = line(number, ['key', `"k-${random.below(50)}"`], ['value', String(random.below(1_000_000) / 1000)]);
  if (random.once(2)) return plain;
  return random.pick(MALFORMED)(random, number, plain);
}

/** One that could be anything, without a number. */
export const stray = (random) => Buffer.from(random.pick(WITHOUT_NUMBER));

const MALFORMED = [
  (random, number) => line(number, [random.pick(NAMES), random.pick(VALUES)], ['text', random.pick(VALUES)]),
  (random, number, plain) => cut(random, number, plain),
  (random, number, plain) => flipped(random, number, plain),
  (random, number, plain) => inserted(random, number, plain, () => random.below(256)),
  (random, number, plain) => inserted(random, number, plain, () => random.pick([0xff, 0xc0, 0xed, 0x80, 0xf5])),
  (random, number, plain) => inserted(random, number, plain, () => random.pick([...Buffer.from('\n\r"\\{}[],:\0')])),
  (random, _number, plain) => Buffer.concat([plain, Buffer.from(random.pick(TAILS))]),
  (random, _number, plain) => Buffer.concat([Buffer.from(random.pick(['\ufeff', '[', '{', ',', '\u0000', ' '])), plain]),
  (random, number) => {
    const depth = random.pick(DEPTHS);
    return line(number, ['deep', '['.repeat(depth) + ']'.repeat(random.once(4) ? depth - 1 : depth)]);
  },
  (random, number, plain) => (random.once(8) ? line(number, ['long', `"${'x'.repeat(TOO_LONG)}"`]) : plain.subarray(1)),
]; // prettier-ignore

function line(number, ...members) {
  return Buffer.from(`{"id":"${number}",${members.map(([name, value]) => `"${name}":${value}`).join(',')}}`);
}

function cut(random, number, plain) {
  const least = plain.indexOf(number) + number.length;
  return plain.subarray(0, least + random.below(plain.length - least));
}

function flipped(random, number, plain) {
  const bytes = Buffer.from(plain);
  for (let i = 1 + random.below(4); i > 0; i -= 1) {
    const at = outside(random, number, plain);
    if (at < plain.length) bytes[at] = random.below(256);
  }
  return bytes;
}

function inserted(random, number, plain, byte) {
  const at = outside(random, number, plain);
  return Buffer.concat([plain.subarray(0, at), Buffer.from([byte()]), plain.subarray(at)]);
}

/** A place before or after the number. */
function outside(random, number, plain) {
  const first = plain.indexOf(number);
  const at = random.below(plain.length + 1 - number.length);
  return at < first ? at : at + number.length;
}
