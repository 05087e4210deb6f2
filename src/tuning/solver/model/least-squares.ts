/**
 * Non-negative least squares: minimise |weights^(1/2) (A x - 1)| with x >= 0. The right side is 1 because equations are
 * divided by what they should give, so that errors are relative.
 *
 * Source: Lawson & Hanson 1974, chapter 23 (active set), on the normal equations with a unit diagonal.
 * Cost: O(rows terms^2) and about `terms` solutions of at most that many unknowns.
 */

export interface Row {
  readonly weight: number;
  readonly terms: Float64Array;
}

export interface Fit {
  readonly coefficients: Float64Array;
  /** Weighted mean of the squared error. */
  readonly error: number;
}

/** Keeps near-collinear terms solvable. */
const RIDGE = 1e-9;
const ENOUGH = 1e-10;

export function nonNegativeLeastSquares(rows: readonly Row[], terms: number): Fit {
  const { gram, right, scales, total } = normalEquations(rows, terms);
  const x = new Float64Array(terms);
  const active: number[] = [];
  for (let round = 0; round < 3 * terms; round += 1) {
    const next = steepest(gram, right, x, active, total);
    if (next === undefined) break;
    active.push(next);
    for (;;) {
      const solution = solve(gram, right, active);
      const share = feasibleShare(x, active, solution);
      active.forEach((term, i) => ((x[term] as number) += share * ((solution[i] as number) - (x[term] as number))));
      if (share === 1) break;
      for (let i = active.length - 1; i >= 0; i -= 1) {
        const term = active[i] as number;
        if ((x[term] as number) > ENOUGH) continue;
        x[term] = 0;
        active.splice(i, 1);
      }
    }
  }
  let error = total;
  for (let i = 0; i < terms; i += 1) {
    const xi = x[i] as number;
    error -= 2 * xi * (right[i] as number);
    for (let j = 0; j < terms; j += 1) error += xi * (x[j] as number) * (gram[i * terms + j] as number);
  }
  return { coefficients: x.map((each, i) => each / (scales[i] as number)), error: Math.max(0, error) / total };
}

interface Normal {
  readonly gram: Float64Array;
  readonly right: Float64Array;
  readonly scales: Float64Array;
  readonly total: number;
}

function normalEquations(rows: readonly Row[], terms: number): Normal {
  const gram = new Float64Array(terms * terms);
  const right = new Float64Array(terms);
  let total = 0;
  for (const { weight, terms: values } of rows) {
    total += weight;
    for (let i = 0; i < terms; i += 1) {
      const weighted = weight * (values[i] as number);
      (right[i] as number) += weighted;
      for (let j = 0; j <= i; j += 1) (gram[i * terms + j] as number) += weighted * (values[j] as number);
    }
  }
  const scales = Float64Array.from({ length: terms }, (_, i) => Math.sqrt(gram[i * terms + i] as number) || 1);
  for (let i = 0; i < terms; i += 1) {
    (right[i] as number) /= scales[i] as number;
    for (let j = 0; j <= i; j += 1) {
      const scaled = (gram[i * terms + j] as number) / ((scales[i] as number) * (scales[j] as number));
      gram[i * terms + j] = scaled;
      gram[j * terms + i] = scaled;
    }
    (gram[i * terms + i] as number) += RIDGE;
  }
  return { gram, right, scales, total };
}

/** The inactive term that lowers the error fastest. */
function steepest(
  gram: Float64Array,
  right: Float64Array,
  x: Float64Array,
  active: readonly number[],
  total: number,
): number | undefined {
  const terms = x.length;
  let [best, steepness] = [undefined as number | undefined, 1e-7 * Math.sqrt(total)];
  for (let i = 0; i < terms; i += 1) {
    if (active.includes(i)) continue;
    let slope = right[i] as number;
    for (const j of active) slope -= (gram[i * terms + j] as number) * (x[j] as number);
    if (slope > steepness) [best, steepness] = [i, slope];
  }
  return best;
}

/** How far x can go towards the solution before a term becomes negative. */
function feasibleShare(x: Float64Array, active: readonly number[], solution: readonly number[]): number {
  let share = 1;
  active.forEach((term, i) => {
    const [from, to] = [x[term] as number, solution[i] as number];
    if (to <= ENOUGH && from - to > 0) share = Math.min(share, from / (from - to));
  });
  return share;
}

/** Gauss-Jordan on the active terms. */
function solve(gram: Float64Array, right: Float64Array, active: readonly number[]): number[] {
  const terms = right.length;
  const rows = active.map((i) => [...active.map((j) => gram[i * terms + j] as number), right[i] as number]);
  const size = rows.length;
  for (let k = 0; k < size; k += 1) {
    const pivot = rows[k] as number[];
    const head = pivot[k] as number;
    for (const other of rows) {
      if (other === pivot) continue;
      const factor = (other[k] as number) / head;
      for (let c = k; c <= size; c += 1) (other[c] as number) -= factor * (pivot[c] as number);
    }
  }
  return rows.map((each, k) => (each[size] as number) / (each[k] as number));
}
