/**
 * Non-negative least squares: minimise |weights^(1/2) (A x - 1)| with x >= 0. The right side is 1 because equations are
 * divided by what they should give, so that errors are relative.
 *
 * Source: Lawson & Hanson 1974, chapter 23 (active set), on the normal equations with a unit diagonal.
 * Cost: O(equations terms^2) and about `terms` solutions of at most that many unknowns; 3 us for 48 equations of 3 terms.
 */

export interface Fit {
  readonly coefficients: Float64Array;
  /** Weighted mean of the squared error. */
  readonly error: number;
}

/** Keeps near-collinear terms solvable. */
const RIDGE = 1e-9;
const ENOUGH = 1e-10;

/**
 * @param columns - of A, one per term
 * @param weights - one per equation
 */
export function nonNegativeLeastSquares(columns: readonly Float64Array[], weights: Float64Array): Fit {
  const terms = columns.length;
  const { gram, right, scales, total } = normalEquations(columns, weights);
  const x = new Float64Array(terms);
  const rows = new Float64Array(terms * (terms + 1));
  const solution = new Float64Array(terms);
  const active: number[] = [];
  for (let round = 0; round < 3 * terms; round += 1) {
    const next = steepest(gram, right, x, active, total);
    if (next === undefined) break;
    active.push(next);
    for (;;) {
      solve(gram, right, active, rows, solution);
      const share = feasibleShare(x, active, solution);
      for (let i = 0; i < active.length; i += 1) {
        const term = active[i] as number;
        (x[term] as number) += share * ((solution[i] as number) - (x[term] as number));
      }
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
  for (let i = 0; i < terms; i += 1) (x[i] as number) /= scales[i] as number;
  return { coefficients: x, error: Math.max(0, error) / total };
}

interface Normal {
  readonly gram: Float64Array;
  readonly right: Float64Array;
  readonly scales: Float64Array;
  readonly total: number;
}

function normalEquations(columns: readonly Float64Array[], weights: Float64Array): Normal {
  const terms = columns.length;
  const gram = new Float64Array(terms * terms);
  const right = new Float64Array(terms);
  let total = 0;
  for (let row = 0; row < weights.length; row += 1) total += weights[row] as number;
  for (let i = 0; i < terms; i += 1) {
    const column = columns[i] as Float64Array;
    let sum = 0;
    for (let row = 0; row < weights.length; row += 1) sum += (weights[row] as number) * (column[row] as number);
    right[i] = sum;
    for (let j = 0; j <= i; j += 1) gram[i * terms + j] = weightedDot(weights, column, columns[j] as Float64Array);
  }
  const scales = new Float64Array(terms);
  for (let i = 0; i < terms; i += 1) scales[i] = Math.sqrt(gram[i * terms + i] as number) || 1;
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

function weightedDot(weights: Float64Array, one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i += 1) sum += (weights[i] as number) * (one[i] as number) * (other[i] as number);
  return sum;
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
    for (let k = 0; k < active.length; k += 1) {
      const j = active[k] as number;
      slope -= (gram[i * terms + j] as number) * (x[j] as number);
    }
    if (slope > steepness) [best, steepness] = [i, slope];
  }
  return best;
}

/** How far x can go towards the solution before a term becomes negative. */
function feasibleShare(x: Float64Array, active: readonly number[], solution: Float64Array): number {
  let share = 1;
  for (let i = 0; i < active.length; i += 1) {
    const [from, to] = [x[active[i] as number] as number, solution[i] as number];
    if (to <= ENOUGH && from - to > 0) share = Math.min(share, from / (from - to));
  }
  return share;
}

/** Gauss-Jordan on the active terms, in `rows`: arrays of that size are dear to allocate. */
function solve(
  gram: Float64Array,
  right: Float64Array,
  active: readonly number[],
  rows: Float64Array,
  solution: Float64Array,
): void {
  const terms = right.length;
  const size = active.length;
  const width = size + 1;
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < size; j += 1)
      rows[i * width + j] = gram[(active[i] as number) * terms + (active[j] as number)] as number;
    rows[i * width + size] = right[active[i] as number] as number;
  }
  for (let k = 0; k < size; k += 1) {
    const head = rows[k * width + k] as number;
    for (let other = 0; other < size; other += 1) {
      if (other === k) continue;
      const factor = (rows[other * width + k] as number) / head;
      for (let c = k; c <= size; c += 1)
        (rows[other * width + c] as number) -= factor * (rows[k * width + c] as number);
    }
  }
  for (let i = 0; i < size; i += 1) solution[i] = (rows[i * width + size] as number) / (rows[i * width + i] as number);
}
