/**
 * What one source has learned about its lines: the shapes in use, and whether learning pays at all.
 *
 * Invariants
 * - At most MAX_SHAPES scanners, and a bounded number compiled per records seen.
 * - Judged every PERIOD records: above half misses, or with more scans in vain than lines taken (shapes that
 *   alternate), nothing is scanned for a while (doubling up to MAX_REST records), then it is tried afresh.
 * - Without code generation nothing is learned: a scanner that walks over a plan was measured at 0.9 to
 *   1.5 times the cost of JSON.parse.
 * - It decides only how fast a line is read, never what comes out.
 */
import { Dictionary, MAX_ENTRIES, MAX_KEY_ENTRIES } from './dictionary.ts';
import { shapeOf, type Leaf, type LeafKind, type LineShape } from './line-shape.ts';
import { generateScanner } from './scanner-source.ts';
import { planScan, type Scan, type ScanPlan } from './scanner.ts';
import type { Bytes } from './strict-utf8.ts';
import { ValueReader } from './value-reader.ts';

/** Each failed attempt costs a partial scan, so few. */
const MAX_SHAPES = 4;
/** Lines of one shape before it is compiled: enough to see what its values are like. */
const LINES_TO_LEARN = 4;
/** Lines analysed per period (about 3 us each): half as many after each period in which that led to nothing. */
const MAX_ANALYSES = 32;
const MIN_ANALYSES = 8;
const PERIOD = 2048;
/** Compilations granted at first, and one more per this many records. */
const FIRST_COMPILATIONS = 24;
const RECORDS_PER_COMPILATION = 262_144;
const MIN_REST = 16_384;
const MAX_REST = 1_048_576;

export interface LearnedShape {
  readonly plan: ScanPlan;
  readonly scan: Scan;
  /** Lines taken since the last judgement. */
  hits: number;
}

export interface LearningOptions {
  readonly fields: readonly string[] | undefined;
  readonly keyField: string | undefined;
  readonly maxRecordBytes: number;
  readonly generateCode: boolean;
}

interface Candidate {
  lines: number;
  readonly shape: LineShape;
}

export class LearnedShapes {
  /** Tried in this order; most recent first. */
  readonly shapes: LearnedShape[] = [];
  readonly keyDictionary: Dictionary = new Dictionary(MAX_KEY_ENTRIES);
  /** False while JSON.parse does all the work. */
  isActive: boolean;
  /** Room that the scanners in use need behind the last line. */
  slack = 0;
  /** Scans that took no line, since the last judgement. Each may have read most of one. */
  vain = 0;
  readonly #options: LearningOptions;
  readonly #fields: ReadonlySet<string> | undefined;
  readonly #reader = new ValueReader();
  readonly #dictionaries = new Map<string, Dictionary>();
  readonly #textPaths = new Set<string>();
  readonly #candidates = new Map<string, Candidate>();
  #hits = 0;
  #misses = 0;
  #records = 0;
  #analyses = 0;
  #analysesAllowed = MAX_ANALYSES;
  #compilations = 0;
  #rest = MIN_REST;
  #restLeft = 0;

  constructor(options: LearningOptions) {
    this.#options = options;
    this.isActive = options.generateCode;
    this.#fields = options.fields === undefined ? undefined : new Set(options.fields);
  }

  /** `lines` were taken by `shapes[index]`. */
  hit(index: number, lines: number): void {
    const shape = this.shapes[index] as LearnedShape;
    shape.hits += lines;
    this.#hits += lines;
    if (index > 0) {
      this.shapes.splice(index, 1);
      this.shapes.unshift(shape);
    }
    if (this.#hits + this.#misses >= PERIOD) this.#judge();
  }

  /** No scanner took the line, but JSON.parse did; `end` is after its newline. */
  miss(bytes: Bytes, start: number, end: number): void {
    this.#misses += 1;
    if (this.#analyses < this.#analysesAllowed) this.#analyse(bytes, start, end);
    if (this.#hits + this.#misses >= PERIOD) this.#judge();
  }

  /** Records read while inactive. */
  rested(records: number): void {
    this.#records += records;
    this.#restLeft -= records;
    if (this.#restLeft > 0 || !this.#options.generateCode) return;
    this.isActive = true;
    this.#analysesAllowed = MAX_ANALYSES;
  }

  #analyse(bytes: Bytes, start: number, end: number): void {
    this.#analyses += 1;
    const shape = shapeOf(bytes, start, end);
    // A line of a shape in use is missed for an odd value or at the end of a chunk.
    if (shape === undefined || this.shapes.some(({ plan }) => plan.shape.signature === shape.signature)) return;
    const candidate = this.#candidates.get(shape.signature);
    if (candidate === undefined) {
      this.#candidates.set(shape.signature, { lines: 1, shape });
      return;
    }
    candidate.lines += 1;
    candidate.shape.leaves.forEach((leaf, i) => widen(leaf, (shape.leaves[i] as Leaf).kind));
    if (candidate.lines >= LINES_TO_LEARN) this.#learn(candidate.shape);
  }

  #learn(shape: LineShape): void {
    this.#candidates.delete(shape.signature);
    if (this.#compilations >= FIRST_COMPILATIONS + this.#records / RECORDS_PER_COMPILATION) return;
    if (this.shapes.length === MAX_SHAPES) this.shapes.splice(this.#leastUsed(), 1);
    this.#analysesAllowed = MAX_ANALYSES * 2;
    const learned = this.#compile(shape);
    this.shapes.unshift(learned);
    this.slack = Math.max(this.slack, learned.plan.slack);
  }

  #compile(shape: LineShape): LearnedShape {
    this.#compilations += 1;
    const plan = planScan(shape, {
      fields: this.#fields,
      keyField: this.#options.keyField,
      maxRecordBytes: this.#options.maxRecordBytes,
      dictionaryOf: (path) => this.#dictionaryOf(path),
      isText: (path) => this.#textPaths.has(path),
    });
    return { plan, scan: generateScanner(plan, this.#reader), hits: 0 };
  }

  #dictionaryOf(path: string): Dictionary {
    if (path === this.#options.keyField) return this.keyDictionary;
    let dictionary = this.#dictionaries.get(path);
    if (dictionary === undefined) {
      dictionary = new Dictionary(MAX_ENTRIES);
      this.#dictionaries.set(path, dictionary);
    }
    return dictionary;
  }

  #leastUsed(): number {
    let least = this.shapes.length - 1;
    this.shapes.forEach((shape, i) => {
      if (shape.hits < (this.shapes[least] as LearnedShape).hits) least = i;
    });
    return least;
  }

  #judge(): void {
    const lookups = this.#hits;
    this.#records += this.#hits + this.#misses;
    if (this.#misses > this.#hits || this.vain > this.#hits) this.#giveUpForAWhile();
    else if (this.#reader.detours * 4 > this.#hits) this.#forget();
    else this.#rest = MIN_REST;
    this.#leaveWastedDictionaries(lookups);
    this.#analysesAllowed = Math.max(MIN_ANALYSES, this.#analysesAllowed >> 1);
    this.#candidates.clear();
    for (const shape of this.shapes) shape.hits = 0;
    this.#reader.detours = 0;
    this.vain = 0;
    this.#hits = 0;
    this.#misses = 0;
    this.#analyses = 0;
  }

  #giveUpForAWhile(): void {
    this.isActive = false;
    this.#restLeft = this.#rest;
    this.#rest = Math.min(this.#rest * 2, MAX_REST);
    this.#forget();
  }

  #forget(): void {
    this.shapes.length = 0;
    this.slack = 0;
  }

  /** Fields whose values do not repeat are read as text from now on. */
  #leaveWastedDictionaries(lookups: number): void {
    for (const [path, dictionary] of [...this.#dictionaries, [this.#options.keyField, this.keyDictionary] as const]) {
      if (path === undefined || !dictionary.isWasted(lookups) || this.#textPaths.has(path)) continue;
      this.#textPaths.add(path);
      if (dictionary !== this.keyDictionary) this.#dictionaries.delete(path);
      this.shapes.forEach((shape, i) => {
        if (shape.plan.shape.leaves.some((leaf) => leaf.path === path)) {
          this.shapes[i] = this.#compile(shape.plan.shape);
        }
      });
    }
  }
}

/** What several lines had in one place: the kind that is dearest to read by detour wins. */
const DEARNESS: readonly LeafKind[] = ['atom', 'decimal', 'wide', 'text', 'word', 'json'];

function widen(leaf: Leaf, kind: LeafKind): void {
  if (DEARNESS.indexOf(kind) > DEARNESS.indexOf(leaf.kind)) leaf.kind = kind;
}
