/** Non-negative least squares in four unknowns: every allowed set of terms is solved exactly, the best one is taken. */

/** One equation: `terms . coefficients = 1`. */
export interface Row {
  readonly weight: number;
  readonly terms: readonly [number, number, number, number];
}

export interface Fit {
  readonly coefficients: readonly [number, number, number, number];
  /** Akaike's criterion, lower is better: comparable between fits of the same rows. */
  readonly score: number;
}

const TERMS = 4;
/** Keeps near-collinear terms solvable. */
const RIDGE = 1e-7;

/** @param floor - mean error below which a better fit is no better */
export function leastSquares(
  rows: readonly Row[],
  sets: readonly (readonly number[])[],
  floor: number,
): Fit | undefined {
  const { gram, right, total } = normalEquations(rows);
  let best: Fit | undefined;
  for (const set of sets) {
    const solution = solve(gram, right, set);
    if (solution === undefined || solution.some((value) => value < 0)) continue;
    const coefficients = [0, 0, 0, 0] as [number, number, number, number];
    set.forEach((term, i) => (coefficients[term] = solution[i] as number));
    const error = Math.max(0, squaredError(gram, right, total, coefficients)) / total;
    const score = rows.length * Math.log(error + floor * floor) + 2 * set.length;
    if (best === undefined || score < best.score) best = { coefficients, score };
  }
  return best;
}

function normalEquations(rows: readonly Row[]): { gram: Float64Array; right: Float64Array; total: number } {
  const gram = new Float64Array(TERMS * TERMS);
  const right = new Float64Array(TERMS);
  let total = 0;
  for (const { weight, terms } of rows) {
    total += weight;
    for (let i = 0; i < TERMS; i += 1) {
      const weighted = weight * (terms[i] as number);
      (right[i] as number) += weighted;
      for (let j = 0; j < TERMS; j += 1) (gram[i * TERMS + j] as number) += weighted * (terms[j] as number);
    }
  }
  return { gram, right, total };
}

function squaredError(gram: Float64Array, right: Float64Array, total: number, x: readonly number[]): number {
  let error = total;
  for (let i = 0; i < TERMS; i += 1) {
    error -= 2 * (x[i] as number) * (right[i] as number);
    for (let j = 0; j < TERMS; j += 1) error += (x[i] as number) * (x[j] as number) * (gram[i * TERMS + j] as number);
  }
  return error;
}

/** Gauss-Jordan on the chosen terms, scaled to a unit diagonal. */
function solve(gram: Float64Array, right: Float64Array, set: readonly number[]): number[] | undefined {
  const scales = set.map((i) => Math.sqrt(gram[i * TERMS + i] as number));
  if (scales.some((scale) => scale === 0)) return undefined;
  const scaleOf = (k: number): number => scales[k] as number;
  const rows = set.map((i, k) => [
    ...set.map((j, l) => (gram[i * TERMS + j] as number) / (scaleOf(k) * scaleOf(l)) + (k === l ? RIDGE : 0)),
    (right[i] as number) / scaleOf(k),
  ]);
  for (let k = 0; k < rows.length; k += 1) {
    const pivot = rows[k] as number[];
    const head = pivot[k] as number;
    if (Math.abs(head) < RIDGE / 2) return undefined;
    for (const other of rows) {
      if (other === pivot) continue;
      const factor = (other[k] as number) / head;
      for (let c = k; c <= rows.length; c += 1) (other[c] as number) -= factor * (pivot[c] as number);
    }
  }
  return rows.map((each, k) => (each[rows.length] as number) / (each[k] as number) / scaleOf(k));
}
