/**
 * The cost model of a stage: log duration = level + log prior(batch, n) + residual(batch, n).
 *
 * The level is common to all places and follows what slows everything down or speeds it up (a Kalman filter); cells
 * keep what is particular to a place. An innovation is shared out between the two by their uncertainties: at a
 * well-known place it moves the level, at a new one it makes the place's own cost. So a comparison of two places that
 * were visited in turn is free of drift.
 *
 * Plain data and pure functions; a model is built once per state and remembered with it.
 */

import type { Cost, CostModel, Point } from '../cost-model.ts';
import type { Mix } from '../samples/odd-calls.ts';
import type { UsableCall } from '../samples/calls.ts';
import { isSettled, settledDoubt, varianceAt, withEvidence, type Cell } from './cells.ts';
import { groupsOf, scatterOf, sumsOf, type Group } from './groups.ts';
import { clamp, columnOf, square } from './numbers.ts';
import { fitPrior } from './prior-fit.ts';
import { BLANK_PRIOR, priorLogMs, type Prior } from './prior.ts';
import { Places } from './places.ts';
import { ResidualField, type Residuals, type Texture } from './residual.ts';
import { initialTail, mixOf, tailAt, tailsOf, withCalls, withOddness, type TailState } from './tail.ts';

export interface SurfaceState {
  readonly cells: readonly Cell[];
  readonly prior: Prior;
  /** Logarithm of the common factor, and its variance. */
  readonly level: number;
  readonly levelVariance: number;
  /** Running mean of the level's innovations: far from zero means drift. */
  readonly trend: number;
  /** What is too far from what was expected to be believed at once, oldest first, with its time, monotonic ms. */
  readonly strange: readonly (Group & { readonly at: number })[];
  /** Variance of a single call's duration over its squared mean. */
  readonly scatter: number;
  readonly texture: Texture;
  readonly tail: TailState;
  /** Monotonic ms of the last evidence, and periods with evidence since the prior was fitted. */
  readonly at: number;
  readonly sinceFit: number;
}

/** How much the level wanders in a second. */
const LEVEL_WANDER = 0.03;
const FIRST_SCATTER = 0.04;
/** Trend in standard deviations from which on the level follows faster. */
const TREND = 3;
/** Standard deviations of an innovation beyond which it is an accident, until it is repeated. */
const OUTLYING = 3;
const TREND_GAIN = 0.3;
const FIT_EVERY = 10;
/** While there are fewer, a new one means that the shape is only being found: fit at once. */
const YOUNG_CELLS = 24;
/** Amplitudes of the residual that are considered, and what is expected before there is evidence. */
const AMPLITUDES = { least: 0.01, most: 0.64, usual: 0.05, factor: 2 };

export const BLANK_SURFACE: SurfaceState = {
  cells: [],
  prior: BLANK_PRIOR,
  level: 0,
  levelVariance: 0,
  trend: 0,
  strange: [],
  scatter: FIRST_SCATTER,
  texture: { amplitude: 0.08, roughness: 0 },
  tail: initialTail(),
  at: 0,
  sinceFit: 0,
};

export class Surface implements CostModel {
  readonly explored: Point;
  readonly isInformed: boolean;
  readonly mix: Mix;
  readonly #state: SurfaceState;
  readonly #field: ResidualField;
  readonly #tails: Float64Array;

  constructor(state: SurfaceState) {
    this.#state = state;
    this.isInformed = state.cells.length > 0;
    this.#tails = tailsOf(state.tail);
    this.mix = mixOf(state.tail);
    this.explored = {
      batch: Math.max(1, ...state.cells.map(({ batch }) => batch)),
      inFlight: Math.max(1, ...state.cells.map(({ inFlight }) => inFlight)),
    };
    this.#field = fieldOf(state);
  }

  predict(batch: number, inFlight: number): Cost {
    const { mean } = this.mix;
    return { ms: mean * this.typicalMs(batch, inFlight), tail: tailAt(this.#tails, inFlight) / mean };
  }

  /** What most calls take: what is learned of a place. */
  typicalMs(batch: number, inFlight: number): number {
    const shape = priorLogMs(this.#state.prior, batch, inFlight) + this.#field.mean(batch, inFlight);
    return Math.exp(this.#state.level + shape);
  }

  doubt(batch: number, inFlight: number): number {
    return Math.sqrt(this.#field.variance(batch, inFlight));
  }
}

const places = new WeakMap<SurfaceState['cells'], Places>();

/** @param before - cells from which these came about */
function placesOf(cells: SurfaceState['cells'], before?: SurfaceState['cells']): Places {
  let found = places.get(cells);
  if (found === undefined)
    places.set(cells, (found = new Places(cells, before === undefined ? undefined : places.get(before))));
  return found;
}

const fields = new WeakMap<
  SurfaceState['cells'],
  Pick<SurfaceState, 'prior' | 'texture' | 'at'> & { readonly field: ResidualField }
>();

/** Kept while only the tail changes: building it is most of what a model costs. */
function fieldOf(state: SurfaceState): ResidualField {
  const { cells, prior, texture, at } = state;
  const known = fields.get(cells);
  if (known?.prior === prior && known.texture === texture && known.at === at) return known.field;
  const field = new ResidualField(residualsOf(state), texture);
  fields.set(cells, { prior, texture, at, field });
  return field;
}

const surfaces = new WeakMap<SurfaceState, Surface>();

/** The model that a state stands for. Cost: 0.1 ms the first time. */
export function surfaceOf(state: SurfaceState): Surface {
  let surface = surfaces.get(state);
  if (surface === undefined) surfaces.set(state, (surface = new Surface(state)));
  return surface;
}

/**
 * @param isSweeping - new places are being looked for: what they cost is no surprise
 * @param isSlow - most calls that began lately take far longer than was expected: what is strange is believed sooner
 */
export function learn(
  before: SurfaceState,
  calls: readonly UsableCall[],
  at: number,
  isSweeping = false,
  isSlow = false,
): SurfaceState {
  if (calls.length === 0) return before;
  const own = calls.filter(({ oddness }) => oddness === undefined);
  const tail = withOddness(before.tail, calls);
  if (own.length === 0) return { ...before, tail };
  const sums = sumsOf(own.filter(({ isStraggler }) => isStraggler !== true));
  const scatter = scatterOf(before.scatter, sums);
  const groups = groupsOf(sums, scatter);
  const level = before.cells.length === 0 ? before : withLevel(before, groups, at);
  const { accepted, strange } = isSweeping
    ? { accepted: groups, strange: [] }
    : judged(before, groups, level, at, isSlow);
  const cells = withEvidence(
    before.cells,
    accepted.map(({ batch, inFlight, variance, logMs, calls: number }) => {
      return { batch, inFlight, variance, logMs: logMs - level.level, visits: 1, surprise: 0, at, calls: number };
    }),
  );
  placesOf(cells, before.cells);
  const isNew = cells.length < YOUNG_CELLS && cells.length !== before.cells.length;
  const fitted = refitted({ ...level, cells, strange, scatter, at, sinceFit: isNew ? FIT_EVERY : before.sinceFit + 1 });
  // Off by what is not believed yet, and not by chance.
  if (strange.length > 0) return fitted;
  const surface = surfaceOf(fitted);
  // The cached model is that of another object: the tail is not part of what it is built from until now.
  const ratios = own.map(({ batch, inFlight, ms }) => ({
    inFlight,
    ratio: ms / surface.typicalMs(batch, inFlight),
  }));
  return { ...fitted, tail: withCalls(tail, ratios) };
}

/** The same with all calls slower by a common factor, given as its logarithm, of which other evidence tells. */
export function withLevelMoved(before: SurfaceState, shift: number, at: number): SurfaceState {
  const levelVariance = before.levelVariance + square(shift) / 4;
  return { ...before, level: before.level + shift, levelVariance, trend: 0, strange: [], at };
}

/** Places that have been measured, and how well: the standard deviation of log ms. */
export function measuredIn({ cells }: SurfaceState): (Point & { readonly doubt: number })[] {
  return cells.map(({ batch, inFlight, variance }) => ({ batch, inFlight, doubt: Math.sqrt(variance) }));
}

/** Settled places, the one seen last first: where a change of level shows. */
export function settledIn({ cells }: SurfaceState): Point[] {
  return cells
    .filter(isSettled)
    .sort((one, other) => other.at - one.at)
    .map(({ batch, inFlight }) => ({ batch: Math.round(batch), inFlight: Math.round(inFlight) }));
}

/** Whether a place is a settled one. */
export function isSettledAt({ cells }: SurfaceState, place: Point): boolean {
  return settledDoubt(cells, place) !== undefined;
}

interface Judged {
  readonly accepted: readonly Group[];
  readonly strange: SurfaceState['strange'];
}

/**
 * A place within what is explored that is suddenly far from its prediction: either the place is like that, or all are
 * (a shift). It is held back until a settled place has told: if that is as it was, what was held is true of its place;
 * if the level moves, it was the level.
 */
function judged(
  before: SurfaceState,
  groups: readonly Group[],
  level: SurfaceState,
  at: number,
  isSlow: boolean,
): Judged {
  if (!before.cells.some(isSettled)) return { accepted: [...groups, ...before.strange], strange: [] };
  const surface = surfaceOf(before);
  const moved = level.level - before.level;
  const errorOf = ({ batch, inFlight, logMs }: Group): number =>
    Math.abs(logMs - Math.log(surface.typicalMs(batch, inFlight)) - moved);
  const isStrange = (group: Group): boolean =>
    errorOf(group) > STRANGE &&
    group.batch <= surface.explored.batch * 1.05 &&
    group.inFlight <= surface.explored.inFlight * 1.05 &&
    errorOf(group) > 4 * Math.hypot(surface.doubt(group.batch, group.inFlight), Math.sqrt(group.variance));
  const fresh = groups.filter(isStrange);
  const calm = groups.filter((group) => !fresh.includes(group));
  const held = [...before.strange, ...fresh.map((group) => ({ ...group, at }))];
  if (held.length === 0) return { accepted: calm, strange: [] };
  if (Math.abs(moved) > STRANGE / 2) return { accepted: calm, strange: [] };
  const isAsItWas = calm.some((group) => settledDoubt(before.cells, group) === 0 && errorOf(group) < STRANGE / 2);
  const patience = Math.max(LEAST_PATIENCE_MS, (isSlow ? 1 : PATIENCE_CALLS) * Math.exp(held[0]?.logMs ?? 0));
  if (isAsItWas || at - (held[0]?.at ?? at) > patience) return { accepted: [...calm, ...held], strange: [] };
  // The oldest stays: patience is counted from it.
  return { accepted: calm, strange: [...held.slice(0, 1), ...held.slice(1).slice(1 - MOST_STRANGE)] };
}

/** Logarithm: half as long again, or two thirds. */
const STRANGE = 0.35;
const MOST_STRANGE = 12;
const PATIENCE_CALLS = 5;
const LEAST_PATIENCE_MS = 500;

function withLevel(before: SurfaceState, groups: readonly Group[], at: number): SurfaceState {
  const elapsedSeconds = Math.max(0, at - before.at) / 1000;
  let variance = before.levelVariance + elapsedSeconds * square(LEVEL_WANDER);
  const surface = surfaceOf(before);
  let [sum, precision] = [0, 0];
  for (const group of groups) {
    const { batch, inFlight, logMs } = group;
    const doubt = settledDoubt(before.cells, group);
    if (doubt === undefined) continue;
    const off = logMs - Math.log(surface.typicalMs(batch, inFlight));
    // A page or a cliff may begin between two places that are all but the same.
    if (doubt > 0 && Math.abs(off) > STRANGE / 2) continue;
    const weight = 1 / (square(surface.doubt(batch, inFlight)) + square(doubt) + group.variance);
    sum += weight * off;
    precision += weight;
  }
  if (precision === 0) return { ...before, levelVariance: variance };
  const innovation = sum / precision;
  const noise = 1 / precision;
  // A single period may be an accident: it moves the level by little. Several of the same sign are drift, or a shift.
  const likely = OUTLYING * Math.sqrt(noise + variance);
  const tame = clamp(innovation, -likely, likely);
  const trend = before.trend + TREND_GAIN * (tame - before.trend);
  const isDrift =
    innovation * trend > 0 && square(trend) > square(TREND) * (noise + variance) * (TREND_GAIN / (2 - TREND_GAIN));
  if (isDrift) variance += square(innovation) / 2;
  const gain = variance / (variance + noise);
  const move = isDrift ? innovation : tame;
  return { ...before, level: before.level + gain * move, levelVariance: (1 - gain) * variance, trend };
}

/** Relative error of the prior that the residual is there to mend. */
const TOLERANCE = 0.03;

function residualsOf({ cells, prior, at }: SurfaceState): Residuals {
  return {
    places: placesOf(cells),
    values: columnOf(cells, ({ batch, inFlight, logMs }) => logMs - priorLogMs(prior, batch, inFlight)),
    variances: columnOf(cells, (cell) => varianceAt(cell, at)),
  };
}

function refitted(state: SurfaceState): SurfaceState {
  if (state.sinceFit < FIT_EVERY) return state;
  const prior = fitPrior(state.cells, TOLERANCE);
  const fitted = { ...state, prior, sinceFit: 0 };
  const { texture, field } = likelier(residualsOf(fitted), state.texture);
  fields.set(state.cells, { prior, texture, at: state.at, field });
  return { ...fitted, texture };
}

/** One step from the texture towards the likeliest: its neighbours in amplitude and in roughness are tried. */
function likelier(
  residuals: Residuals,
  { amplitude, roughness }: Texture,
): { readonly texture: Texture; readonly field: ResidualField } {
  const { least, most, factor } = AMPLITUDES;
  const tried: Texture[] = [
    { amplitude, roughness },
    { amplitude: Math.min(most, amplitude * factor), roughness },
    { amplitude: Math.max(least, amplitude / factor), roughness },
    { amplitude, roughness: roughness === 0 ? 1 : 0 },
    { amplitude, roughness: roughness === 2 ? 1 : 2 },
  ];
  const rated = tried.map((texture) => {
    const field = new ResidualField(residuals, texture);
    return { texture, field, evidence: field.evidence - unusual(texture) };
  });
  return rated.reduce((one, other) => (other.evidence > one.evidence + 1e-9 ? other : one));
}

/** Minus the logarithm of the probability of a texture before anything is known. */
function unusual({ amplitude, roughness }: Texture): number {
  return square(Math.log(amplitude / AMPLITUDES.usual)) / 2 + roughness;
}
