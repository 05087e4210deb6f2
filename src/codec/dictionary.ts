/**
 * Strings of one field by their bytes, so that a value seen before costs no allocation.
 *
 * Invariants
 * - A hit is verified byte by byte, by the scanners; a hash alone decides nothing.
 * - Entries hold no quote, backslash or control byte, so bytes that contain one never hit.
 * - Ids are dense, given in order of arrival, and never change.
 * - `strings` are V8's own copies: two of one text are one object, and so are they and a literal of a program.
 * - At most MAX_ENTRIES entries of at most MAX_WORD_BYTES bytes; at most MAX_PROBES probes per look-up.
 *
 * `words` holds per entry: length in bytes, id, then the bytes as little-endian 32-bit words, the
 * last one padded with zeros. `table` holds offsets into `words`; 0 = free.
 */

/** 1000 keys are usual, 10,000 happen; beyond, the table leaves the processor's cache and gains little. */
export const MAX_ENTRIES = 16_384;
/** The keyed field's ids are worth more (typed state), so its dictionary may grow further. */
export const MAX_KEY_ENTRIES = 131_072;
/** Longer values seldom repeat. */
const MAX_WORD_BYTES = 96;
/** Also the bound on what colliding values, sent on purpose, can cost. */
const MAX_PROBES = 16;

const HASH_FACTOR = -1_640_531_535;

export class Dictionary {
  /** Read by the scanners; replaced on growth. */
  table: Int32Array = new Int32Array(512);
  mask = 511;
  words: Int32Array = new Int32Array(2048);
  readonly strings: string[] = [];
  /** Values that were not found since the last judgement. */
  #misses = 0;
  #used = 1;
  readonly #maxEntries: number;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /**
   * Adds `bytes[start, end)`, known to be clean UTF-8 whose text is `value`.
   * @returns its id, or -1 when the dictionary takes no more
   */
  add(value: string, view: DataView, start: number, end: number): number {
    this.#misses += 1;
    const length = end - start;
    if (this.strings.length >= this.#maxEntries || length > MAX_WORD_BYTES) return -1;
    const hash = hashOf(view, start, end);
    const slot = this.#freeSlot(hash);
    if (slot < 0) return -1;
    const offset = this.#reserve(2 + ((length + 3) >> 2));
    const id = this.strings.length;
    this.words[offset] = length;
    this.words[offset + 1] = id;
    for (let i = 0; i < length; i += 4) this.words[offset + 2 + (i >> 2)] = wordAt(view, start + i, end);
    this.strings.push(internalized(value));
    this.table[slot] = offset;
    if (this.strings.length * 2 > this.mask) this.#rehash();
    return id;
  }

  /**
   * True when too few of the last `lookups` values were found for the dictionary to pay: full and above
   * half misses, or a quarter full and above 7/8 (values that never repeat). Starts a new judgement.
   */
  isWasted(lookups: number): boolean {
    const missRatio = this.#misses / Math.max(lookups, 1);
    this.#misses = 0;
    const size = this.strings.length;
    return (size >= this.#maxEntries && missRatio > 1 / 2) || (size >= this.#maxEntries / 4 && missRatio > 7 / 8);
  }

  #freeSlot(hash: number): number {
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const slot = (hash + probe) & this.mask;
      if (this.table[slot] === 0) return slot;
    }
    return -1;
  }

  #reserve(words: number): number {
    const offset = this.#used;
    this.#used += words;
    if (this.#used > this.words.length) {
      const grown = new Int32Array(Math.max(this.words.length * 2, this.#used));
      grown.set(this.words);
      this.words = grown;
    }
    return offset;
  }

  /** Twice the slots. An entry that finds none within MAX_PROBES is forgotten: it is only a cache. */
  #rehash(): void {
    this.table = new Int32Array((this.mask + 1) * 2);
    this.mask = this.table.length - 1;
    for (let offset = 1; offset < this.#used;) {
      const words = ((this.words[offset] as number) + 3) >> 2;
      let hash = 0;
      for (let i = 0; i < words; i++) hash = mix(hash, this.words[offset + 2 + i] as number);
      // A length divisible by four ends with an empty word in the scanners' hash.
      if (((this.words[offset] as number) & 3) === 0) hash = mix(hash, 0);
      const slot = this.#freeSlot(finish(hash));
      if (slot >= 0) this.table[slot] = offset;
      offset += 2 + words;
    }
  }
}

const names = Object.create(null) as Record<string, true>;

/**
 * The copy of a text that V8 keeps for names. It compares such strings by address: a key with its dictionary's
 * (bench:engine, iii with dense keys), and a field with a literal in a user's filter. 0.5 us, once per entry.
 */
function internalized(value: string): string {
  names[value] = true;
  const [name = value] = Object.keys(names);
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- one name at a time, of an object without a shape
  delete names[value];
  return name;
}

/** Hash of whole words; the last, possibly empty one holds the 0 to 3 bytes that remain. */
function hashOf(view: DataView, start: number, end: number): number {
  let hash = 0;
  let at = start;
  for (; at + 4 <= end; at += 4) hash = mix(hash, view.getInt32(at, true));
  return finish(mix(hash, at < end ? wordAt(view, at, end) : 0));
}

function mix(hash: number, word: number): number {
  return Math.imul(hash ^ word, HASH_FACTOR);
}

function finish(hash: number): number {
  return hash ^ (hash >>> 15);
}

function wordAt(view: DataView, at: number, end: number): number {
  if (at + 4 <= end) return view.getInt32(at, true);
  let word = 0;
  for (let i = end - 1; i >= at; i--) word = (word << 8) | view.getUint8(i);
  return word;
}
