/**
 * The prior (prior.ts) that fits what was measured: terms, knee and room are chosen by Akaike's criterion, so that few points
 * do not make a curve.
 *
 * Points along two axes cannot tell which products they are, so the one in which all of F suffers alike, F(b) U(n), is
 * preferred until points off the axes say otherwise.
 */

import type { Cell } from './cells.ts';
import { fitFree, fitProduct, pointsOf, type Points } from './fit.ts';
import { square } from './numbers.ts';
import {
  batchValue,
  BLANK_PRIOR,
  inFlightValue,
  type BatchTerm,
  type InFlightTerm,
  type Prior,
  type Term,
} from './prior.ts';

const BATCH_SETS: readonly (readonly BatchTerm[])[] = [
  ['one', 'linear'],
  ['one', 'root', 'linear'],
  ['one', 'log', 'linear'],
  ['one', 'linear', 'square'],
];
const SMOOTH: readonly InFlightTerm[] = ['one', 'linear', 'square'];
const BENT: readonly InFlightTerm[] = ['one', 'linear', 'bent'];
/** Ratio of most to fewest calls in flight from which on their influence is fitted. */
const LEAST_SPREAD = 1.3;
/** What a term must explain. */
const PER_TERM = 2;
/** What free products, and a room for events, must explain more than a separable cost. */
const UNUSUAL = 4;
/** Squared error per cell, in units of what is expected, that is chance. */
const CHANCE = 0.6;

interface Scored {
  readonly prior: Prior;
  readonly set: readonly BatchTerm[];
  /** Squared, in units of what is expected by chance. */
  readonly error: number;
  /** Akaike's criterion. */
  readonly score: number;
}

/** @param tolerance - relative error beyond the evidence's own that any point may have: no single one rules */
export function fitPrior(cells: readonly Cell[], tolerance: number): Prior {
  const batches = distinct(cells.map(({ batch }) => batch));
  const inFlight = cells.map((cell) => cell.inFlight);
  // Between 1 and 1.05 calls chance makes a slope, and a prediction for 2 of it.
  const isSpread = Math.max(...inFlight) >= LEAST_SPREAD * Math.min(...inFlight);
  const concurrencies = isSpread ? distinct(inFlight) : 1;
  const batchSets = batches < 2 ? [['first'] as const] : BATCH_SETS.slice(0, batches < 4 ? 1 : BATCH_SETS.length);
  const smooth = SMOOTH.slice(0, Math.min(concurrencies, SMOOTH.length));
  const points = pointsOf(cells, tolerance);
  let best: Scored | undefined;
  for (const set of batchSets) best = bestOf(points, set, smooth, 1, best);
  // A knee is looked for where a smooth curve leaves more than chance, and so is a room for events.
  if (concurrencies >= 4 && (best === undefined || best.score > cells.length * CHANCE)) {
    const set = best?.set ?? ['one', 'linear'];
    const found = bent(points, set, kneesAmong(cells));
    if (found !== undefined) best = better(best, found);
    const crowded = roomy(points, set, best?.score ?? Infinity);
    if (crowded !== undefined) best = better(best, crowded);
  }
  return best?.prior ?? BLANK_PRIOR;
}

/** A knee is looked for where calls in flight were seen, then ever closer to the best of them: it may lie between. */
function bent(points: Points, set: readonly BatchTerm[], knees: readonly number[]): Scored | undefined {
  const most = knees.at(-1) ?? 0;
  const tried = new Set<number>();
  let best: Scored | undefined;
  const attempt = (knee: number): void => {
    if (tried.has(knee) || knee < 2 || knee > most) return;
    tried.add(knee);
    best = bestOf(points, set, BENT, knee, best);
  };
  knees.forEach(attempt);
  for (const factor of CLOSER) {
    const knee = best?.prior.knee ?? 0;
    attempt(Math.round(knee / factor));
    attempt(Math.round(knee * factor));
  }
  return best;
}

/** Two factors are a case of free products, so they explain no more: where that is too little, they are not fitted. */
function bestOf(
  points: Points,
  set: readonly BatchTerm[],
  inFlightTerms: readonly InFlightTerm[],
  knee: number,
  before: Scored | undefined,
): Scored {
  const products = free(points, set, inFlightTerms, knee);
  const best = better(before, products);
  const cannotWin = products.error + PER_TERM >= best.score;
  return cannotWin ? best : better(best, separable(points, set, inFlightTerms, knee));
}

function better(one: Scored | undefined, other: Scored): Scored {
  return one === undefined || other.score < one.score ? other : one;
}

function free(points: Points, set: readonly BatchTerm[], inFlightTerms: readonly InFlightTerm[], knee: number): Scored {
  const pairs = set.flatMap((batch) => inFlightTerms.map((inFlight) => ({ batch, inFlight })));
  const { coefficients, error } = fitFree(
    points,
    pairs.map(({ batch, inFlight }) => [inBatch(points, batch), inCalls(points, inFlight, knee)]),
  );
  const terms = pairs.map((pair, i) => ({ ...pair, ms: coefficients[i] as number })).filter(({ ms }) => ms > 0);
  return { prior: { terms, knee }, set, error, score: error + PER_TERM * terms.length + UNUSUAL };
}

function separable(
  points: Points,
  set: readonly BatchTerm[],
  inFlightTerms: readonly InFlightTerm[],
  knee: number,
): Scored {
  const { factors, error, count } = fitProduct(points, [
    set.map((term) => inBatch(points, term)),
    inFlightTerms.map((term) => inCalls(points, term, knee)),
  ]);
  const [ofBatch, ofInFlight] = factors as [Float64Array, Float64Array];
  const terms = products(set, ofBatch, inFlightTerms, ofInFlight);
  return { prior: { terms, knee }, set, error, score: error + PER_TERM * count };
}

function products(
  set: readonly BatchTerm[],
  ofBatch: Float64Array,
  inFlightTerms: readonly InFlightTerm[],
  ofInFlight: Float64Array,
): Term[] {
  return set
    .flatMap((batch, i) =>
      inFlightTerms.map((inFlight, j) => ({ batch, inFlight, ms: (ofBatch[i] as number) * (ofInFlight[j] as number) })),
    )
    .filter(({ ms }) => ms > 0);
}

/**
 * Undefined unless a rough look finds a room for events that explains about as much as the rival. It is searched for by
 * octaves, then in ever finer steps, each beginning with the coefficients of the best so far.
 */
function roomy(points: Points, set: readonly BatchTerm[], rival: number): Scored | undefined {
  const at = (octaves: number, turns: number, start?: Roomy): Roomy => {
    return { octaves, ...withRoom(points, set, points.mostEvents / 2 ** octaves, turns, start?.factors) };
  };
  const lower = (one: Roomy, other: Roomy): Roomy => (other.score < one.score ? other : one);
  const rough = ROUGH_OCTAVES.map((octaves) => at(octaves, ROUGH_TURNS)).reduce(lower);
  if (rough.score > CLOSE * rival) return undefined;
  let best = at(rough.octaves, FINE_TURNS, rough);
  for (let step = 1 / 2; step >= FINEST; step /= 2) {
    best = [-step, step].map((by) => at(best.octaves + by, FINE_TURNS, best)).reduce(lower, best);
  }
  return best;
}

interface Roomy extends Scored {
  /** Below the most events that were in flight. */
  readonly octaves: number;
  readonly factors: readonly Float64Array[];
}

const ROUGH_OCTAVES = [0.5, 1.5, 2.5, 3.5];
const FINEST = 1 / 16;
/** Three factors come to rest more slowly than two. */
const ROUGH_TURNS = 2;
const FINE_TURNS = 8;
/** Score of a rough fit over that of a rival, from which on it cannot win by finer steps. */
const CLOSE = 2;

function withRoom(
  points: Points,
  set: readonly BatchTerm[],
  room: number,
  turns: number,
  start?: readonly Float64Array[],
): Omit<Roomy, 'octaves'> {
  const one = inBatch(points, 'one');
  const over = points.column(`over ${room}`, (cell) => overOf(cell, room));
  const squared = points.column(`over squared ${room}`, (cell) => square(overOf(cell, room)));
  const { factors, error, count } = fitProduct(
    points,
    [set.map((term) => inBatch(points, term)), SMOOTH.map((term) => inCalls(points, term, 1)), [one, over, squared]],
    turns,
    start,
  );
  const [ofBatch, ofInFlight, [base = 0, first = 0, second = 0]] = factors as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  if (base === 0) return { prior: BLANK_PRIOR, set, error, score: Infinity, factors };
  const terms = products(set, ofBatch, SMOOTH, ofInFlight).map((term) => ({ ...term, ms: base * term.ms }));
  const crowd = { room, linear: first / base, square: second / base };
  return { prior: { terms, knee: 1, crowd }, set, error, score: error + PER_TERM * count + UNUSUAL, factors };
}

/** The share by which events in flight exceed the room for them. */
function overOf({ batch, inFlight }: Cell, room: number): number {
  return Math.max(0, (batch * inFlight) / room - 1);
}

function inBatch(points: Points, term: BatchTerm): Float64Array {
  return points.column(`batch ${term}`, ({ batch }) => batchValue(term, batch));
}

function inCalls(points: Points, term: InFlightTerm, knee: number): Float64Array {
  return points.column(`${term} ${knee}`, ({ inFlight }) => inFlightValue(term, inFlight, knee));
}

/** Where a knee may be: at what has been seen, but for the first and those with next to nothing beyond, where chance bends. */
function kneesAmong(cells: readonly Cell[]): number[] {
  const seen = [...new Set(cells.map(({ inFlight }) => Math.round(inFlight)))].sort((one, other) => one - other);
  const last = (seen.at(-1) as number) / BEYOND;
  const inner = seen.slice(1).filter((knee) => knee <= last);
  const every = Math.max(1, inner.length / MOST_KNEES);
  return Array.from({ length: Math.min(MOST_KNEES, inner.length) }, (_, i) => inner[Math.floor(i * every)] as number);
}

const MOST_KNEES = 6;
/** From the best knee so far to those that are tried next. */
const CLOSER = [1.4, 1.19, 1.09];
/** Ratio of most calls in flight to a knee. */
const BEYOND = 1.15;

/** Values that are further than 5 % apart. */
function distinct(values: readonly number[]): number {
  return new Set(values.map((value) => Math.round(Math.log(value) / 0.05))).size;
}
