/** Lines for the fuzz suite: regular ones, and every way to deviate from them that we could think of. */

/** mulberry32: small, seeded, good enough to choose test data. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
}

const NUMBERS = [
  '0', '-0', '-0.0', '0.0', '1', '-1', '01', '-01', '00', '1.', '.5', '-.5', '-', '+1', '1e5', '1E5', '1e+5', '1e-5', '1e', '1e+',
  '0e0', '-0e-0', '1.5e3', '1e999', '-1e999', '1e-999', '5e-324', '1.7976931348623157e308', '0.1', '0.10', '123456789', '1234567890',
  '12345678', '1234567', '99999999', '100000000', '999999999999999', '9999999999999999', '9007199254740993', '123456789012345678901234567890',
  '0.123456789012345', '0.1234567890123456', '0.12345678901234567', '12345.6789', '123456789.1', '123456789.123456', '1234567890.5',
  '1700000000123', '-1700000000123', '01700000000123', '1700000000123.5', '1700000000123e2', '1700000000123.', '000000001', '00000000',
  '0x10', 'NaN', 'Infinity', '-Infinity', '1_000', '1 2', '--1', '1-', '1.2.3', '179999.99999999997', '0.30000000000000004', '1e21', '1e22', '1e23',
] as const; // prettier-ignore

const STRINGS = [
  '""', '"a"', '"ab"', '"abc"', '"abcd"', '"abcde"', '"click"', '"view"', '"purchase"', '"k-1"', '"k-12"', '"k-123"', '"k-1234"',
  '"\\""', '"\\\\"', '"a\\nb"', '"\\u0041"', '"\\u00e9"', '"\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00"', '"\\u12"', '"\\x41"', '"\\', '"abc\\"', '"é"', '"日本語"',
  '"😀"', '"\ufffd"', '"\ufeff"', '"\u2028"', '"\u007f"', '"tab\tin"', '"nul\u0000in"', '"cr\rin"', "'single'", '"unterminated', 'unquoted', '"two""strings"',
  '"constructor"', '"__proto__"', `"${'x'.repeat(95)}"`, `"${'x'.repeat(96)}"`, `"${'x'.repeat(97)}"`, `"${'long '.repeat(60)}"`, '"a{b}c[d],e:f"',
] as const; // prettier-ignore

const ATOMS = ['true', 'false', 'null', 'True', 'tru', 'truex', 'falsy', 'nul', 'nulll', 'undefined', ''] as const;
const NESTED = [
  '{}', '[]', '[1,2,3]', '[1,]', '[,]', '{"a":1}', '{"a":1,}', '{"a":{"b":[{"c":null}]}}', '[[[[]]]]', '[[[]', '{"__proto__":1}', '["]"]', '{"a":1,"a":2}', '{"0":1}',
  '{"x":1,"y":2}', '{"x":1.5,"y":"b"}', '{ "x" : 1 , "y" : 2 }', '[1 2]', '{"x"}', '}', ']',
] as const; // prettier-ignore
const NAMES = [
  'ts',
  'key',
  'value',
  'type',
  'extra',
  '__proto__',
  'constructor',
  'toString',
  '0',
  '12',
  'é',
  'a b',
  '',
  'k\\u0065y',
  'k\\ey',
];
const LINE_ENDS = ['\n', '\n', '\n', '\r\n', ' \n', '\n\n', '\n \t\r\n'];

type Member = [name: string, value: string];

export class Corpus {
  readonly #random: Random;
  /** Literal bytes of this document's regular lines. */
  readonly #style: { readonly colon: string; readonly comma: string; readonly end: string };
  readonly #hasNested: boolean;
  /** A name with a meaning of its own, on every regular line of the document. */
  readonly #oddName: string | undefined;

  constructor(random: Random) {
    this.#random = random;
    this.#style = random.pick([
      { colon: ':', comma: ',', end: '\n' },
      { colon: ':', comma: ',', end: '\n' },
      { colon: ':', comma: ',', end: '\r\n' },
      { colon: ': ', comma: ', ', end: '\n' },
      { colon: ' :\t', comma: ' , ', end: ' \n' },
    ]);
    this.#hasNested = random.below(3) === 0;
    this.#oddName = random.below(3) === 0 ? random.pick(NAMES) : undefined;
  }

  /** A document of about `lines` lines: some regular ones first, so that there is something to learn. */
  document(lines: number): Buffer {
    const random = this.#random;
    const parts: Buffer[] = random.below(10) === 0 ? [Buffer.from('\ufeff')] : [];
    for (let i = 0; i < 8; i++) parts.push(Buffer.from(this.regularLine() + this.#style.end));
    for (let i = 0; i < lines; i++) parts.push(this.#anyLine());
    const whole = Buffer.concat(parts);
    return random.below(4) === 0 ? whole.subarray(0, whole.length - 1 - random.below(20)) : whole;
  }

  regularLine(): string {
    return this.#render(this.#regularMembers());
  }

  #regularMembers(): Member[] {
    const random = this.#random;
    const members: Member[] = [
      ['ts', String(1_700_000_000_000 + random.below(1_000_000))],
      ['key', `"k-${random.below(1000)}"`],
      ['value', String(random.below(3) === 0 ? random.below(100) : random.below(1_000_000) / 1000)],
      ['type', random.pick(['"click"', '"view"', '"purchase"'])],
    ];
    if (this.#oddName !== undefined) members.push([this.#oddName, '7']);
    if (this.#hasNested)
      members.push(
        ['nested', `{"x":${random.below(100)},"y":{"z":"${random.below(5)}"}}`],
        ['ok', random.pick(['true', 'false', 'null'])],
      );
    return members;
  }

  #render(members: readonly Member[]): string {
    const { colon, comma } = this.#style;
    return `{${members.map(([name, value]) => `"${name}"${colon}${value}`).join(comma)}}`;
  }

  #anyLine(): Buffer {
    const random = this.#random;
    const end = random.below(8) === 0 ? random.pick(LINE_ENDS) : this.#style.end;
    const members = this.#regularMembers();
    switch (random.below(14)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return Buffer.from(this.#render(this.#withOddValue(members)) + end);
      case 4:
        return Buffer.from(this.#render(this.#rearranged(members)) + end);
      case 5:
        return mutated(Buffer.from(this.#render(members) + end), random);
      case 6:
        return mutated(Buffer.from(this.#render(this.#withOddValue(members)) + end), random);
      case 7: {
        const line = this.#render(members);
        return Buffer.from(line.slice(0, random.below(line.length)) + end);
      }
      case 8:
        return Buffer.from(random.pick([...NUMBERS, ...STRINGS, ...ATOMS, ...NESTED]) + end);
      case 9:
        return random.below(20) === 0
          ? this.#huge()
          : Buffer.from(`${this.#render(members)}${random.pick(['x', ',', '}', ' ', '{}', '\u0000', '\ufeff'])}${end}`);
      default:
        return Buffer.from(this.#render(members) + end);
    }
  }

  #withOddValue(members: Member[]): Member[] {
    const random = this.#random;
    const member = random.pick(members);
    if (random.below(4) === 0) {
      member[1] = longDecimal(random);
      return members;
    }
    const pools: readonly (readonly string[])[] = [NUMBERS, STRINGS, ATOMS, NESTED];
    member[1] =
      random.below(4) === 0 ? String((random.next() - 0.5) * 10 ** random.below(20)) : random.pick(random.pick(pools));
    return members;
  }

  #rearranged(members: Member[]): Member[] {
    const random = this.#random;
    const at = random.below(members.length);
    const member = members[at] as Member;
    switch (random.below(5)) {
      case 0:
        members.splice(at, 1);
        break;
      case 1:
        members.push([member[0], random.pick(NUMBERS)]);
        break;
      case 2:
        members.reverse();
        break;
      case 3:
        members.splice(at, 0, [random.pick(NAMES), random.pick(STRINGS)]);
        break;
      default:
        member[0] = random.pick(NAMES);
    }
    return members;
  }

  #huge(): Buffer {
    const kind = this.#random.below(3);
    if (kind === 0) return Buffer.from(`${'['.repeat(10_000)}${']'.repeat(10_000)}\n`);
    if (kind === 1) return Buffer.from(`{"ts":1,"key":"k","value":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}\n`);
    return Buffer.from(
      this.#render([
        ['ts', '9'.repeat(5000)],
        ['key', `"${'y'.repeat(70_000)}"`],
        ['value', '1'],
        ['type', '"t"'],
      ]) + '\n',
    );
  }
}

/** 13 to 20 digits with a point among them: about where doubles end. */
function longDecimal(random: Random): string {
  const digits = Array.from({ length: 13 + random.below(8) }, () => random.below(10)).join('');
  const point = random.below(Math.min(digits.length, 11));
  return `${random.below(4) === 0 ? '-' : ''}${digits.slice(0, point) || '0'}.${digits.slice(point)}`;
}

/** Flips, inserts, drops or doubles one to three bytes. */
function mutated(line: Buffer, random: Random): Buffer {
  const bytes = [...line];
  for (let i = random.below(3); i >= 0; i--) {
    const at = random.below(bytes.length);
    switch (random.below(4)) {
      case 0:
        bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
        break;
      case 1:
        bytes.splice(at, 0, random.below(256));
        break;
      case 2:
        bytes.splice(at, 1);
        break;
      default:
        bytes.splice(at, 0, bytes[at] as number);
    }
  }
  return Buffer.from(bytes);
}
