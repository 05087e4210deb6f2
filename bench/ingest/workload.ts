/**
 * The events of the bench: 64 to 69 bytes each as a line of JSON, encoded once and sent over and over
 * with new time stamps.
 *
 * **Invariant**: a key belongs to one connection, so that the matches do not depend on how the
 * connections' lines mix.
 */

import { seeded } from '../harness/seeded.ts';

/** A line as a program reads it. `ts` is the intended time of sending, see clock.ts. */
export interface Event {
  readonly ts: number;
  readonly key: string;
  readonly value: number;
  readonly type: string;
}

export interface Payment {
  readonly ts: number;
  readonly key: string;
  readonly cents: number;
  readonly type: string;
}

export interface Match {
  readonly ts: number;
  readonly key: string;
  readonly cents: number;
}

/** The job: the same three functions serve every engine. */
export const toPayment = (e: Event): Payment => ({
  ts: e.ts,
  key: e.key,
  cents: Math.round(e.value * 100),
  type: e.type,
});
export const isRelevant = (p: Payment): boolean => p.type !== 'ping';
export const PROBE_BELOW_CENTS = 200;
export const BIG_ABOVE_CENTS = 18_000;

const KEYS = 1000;
const LINES = 8192;
const TYPES = ['view', 'click', 'order', 'cart', 'login', 'share', 'likes', 'ping'];
const STAMP_DIGITS = 13;
/** '1', always: see clock.ts. */
const FIRST_DIGIT = 49;
const STAMP_AT = '{"ts":'.length;

/** What an event is to the condition. */
const Kind = { filtered: 0, plain: 1, probe: 2, big: 3 } as const;

/** The lines of one connection, end to end. */
export interface Template {
  readonly lines: number;
  readonly bytes: Buffer;
  /** Where line i begins; `starts[lines]` is the end. */
  readonly starts: Int32Array;
  readonly keys: Int32Array;
  readonly kinds: Uint8Array;
}

export function templateOf(connection: number, connections: number): Template {
  const random = seeded(connection + 1);
  const starts = new Int32Array(LINES + 1);
  const keys = new Int32Array(LINES);
  const kinds = new Uint8Array(LINES);
  let text = '';
  for (let i = 0; i < LINES; i += 1) {
    const key = Math.floor(random() * Math.floor(KEYS / connections)) * connections + connection;
    const cents = centsOf(random);
    const type = TYPES[Math.floor(random() * TYPES.length)] as string;
    keys[i] = key;
    kinds[i] = kindOf(cents, type);
    starts[i] = text.length;
    const stamp = '1'.padEnd(STAMP_DIGITS, '0');
    text += `{"ts":${stamp},"key":"k${String(key).padStart(4, '0')}","value":${cents / 100},"type":"${type}"}\n`;
  }
  starts[LINES] = text.length;
  return { lines: LINES, bytes: Buffer.from(text, 'latin1'), starts, keys, kinds };
}

/** A tenth probes, a tenth big ones. */
function centsOf(random: () => number): number {
  const share = random();
  if (share < 0.1) return Math.floor(random() * PROBE_BELOW_CENTS);
  if (share < 0.2) return BIG_ABOVE_CENTS + 1 + Math.floor(random() * 1000);
  return PROBE_BELOW_CENTS + Math.floor(random() * (BIG_ABOVE_CENTS - PROBE_BELOW_CENTS));
}

function kindOf(cents: number, type: string): number {
  if (type === 'ping') return Kind.filtered;
  if (cents < PROBE_BELOW_CENTS) return Kind.probe;
  return cents > BIG_ABOVE_CENTS ? Kind.big : Kind.plain;
}

/** Matches among the first `count` lines of the endlessly repeated template: the independent answer. */
export function matchesAmong({ lines, keys, kinds }: Template, count: number): number {
  const probed = new Uint8Array(KEYS);
  let matches = 0;
  for (let i = 0; i < count; i += 1) {
    const line = i % lines;
    const key = keys[line] as number;
    if (kinds[line] === Kind.probe) probed[key] = 1;
    if (kinds[line] !== Kind.big || probed[key] === 0) continue;
    matches += 1;
    probed[key] = 0;
  }
  return matches;
}

/** '0000' to '9999' as little-endian words. */
const FOUR_DIGITS = new Uint32Array(10_000);
for (let i = 0; i < FOUR_DIGITS.length; i += 1) {
  FOUR_DIGITS[i] = Buffer.from(String(i).padStart(4, '0'), 'latin1').readUInt32LE();
}

/** Copies `count` lines from line `from` on (going round) to `target`, all stamped `atUs`. @returns bytes written */
export function writeLines(
  template: Template,
  from: number,
  count: number,
  target: Buffer,
  at: number,
  atUs: number,
): number {
  const { lines, bytes, starts } = template;
  const stamp = Buffer.allocUnsafe(STAMP_DIGITS);
  const whole = Math.floor(atUs);
  stamp.writeUInt32LE(FOUR_DIGITS[Math.floor(whole / 1e8) % 1e4] as number, 1);
  stamp.writeUInt32LE(FOUR_DIGITS[Math.floor(whole / 1e4) % 1e4] as number, 5);
  stamp.writeUInt32LE(FOUR_DIGITS[whole % 1e4] as number, 9);
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  const low = stamp.readUInt32LE(1);
  const middle = stamp.readUInt32LE(5);
  const high = stamp.readUInt32LE(9);
  let written = at;
  for (let left = count, line = from % lines; left > 0; line = 0) {
    const end = Math.min(lines, line + left);
    const shift = written - (starts[line] as number);
    written += bytes.copy(target, written, starts[line], starts[end]);
    for (let i = line; i < end; i += 1) {
      const digits = (starts[i] as number) + shift + STAMP_AT;
      target[digits] = FIRST_DIGIT;
      view.setUint32(digits + 1, low, true);
      view.setUint32(digits + 5, middle, true);
      view.setUint32(digits + 9, high, true);
    }
    left -= end - line;
  }
  return written - at;
}
