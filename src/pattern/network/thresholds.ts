import { grownFloats, grownInts, movedFloats, movedInts } from '../../state/columns.ts';
import type { Threshold } from '../matcher.ts';
import type { PredicateNetwork } from './predicate-network.ts';

/**
 * By row: the number that an event must meet to change anything there, where one comparison decides that. Most events meet
 * few, and these columns tell without a look at the partial matches: bench:patterns, iterative.
 */
export class Thresholds {
  readonly #network: PredicateNetwork;
  /** The field's number and the operator's; ANY: whatever comes may change something. */
  #test: Int32Array = new Int32Array(0);
  #addend: Float64Array = new Float64Array(0);
  #limit: Float64Array = new Float64Array(0);

  constructor(network: PredicateNetwork) {
    this.#network = network;
  }

  set(row: number, threshold: Threshold | undefined): void {
    if (threshold === undefined) {
      if (row < this.#test.length) this.#test[row] = ANY;
      return;
    }
    if (row >= this.#test.length) {
      this.#test = grownInts(this.#test, row, ANY);
      this.#addend = grownFloats(this.#addend, row);
      this.#limit = grownFloats(this.#limit, row);
    }
    this.#test[row] = OPERATORS.length * this.#network.fieldId(threshold.field) + OPERATORS.indexOf(threshold.op);
    this.#addend[row] = threshold.addend;
    this.#limit[row] = threshold.limit;
  }

  /** @param moved - where each of the rows is now, `size` in all; negative: it is gone */
  move(moved: Int32Array, size: number): void {
    if (this.#test.length === 0) return;
    this.#test = movedInts(this.#test, moved, size, ANY);
    this.#addend = movedFloats(this.#addend, moved, size);
    this.#limit = movedFloats(this.#limit, moved, size);
  }

  /** Whether the event at hand is known to change nothing in the row, unless it begins a match. */
  refuses(row: number): boolean {
    const test = this.#test[row] ?? ANY;
    if (test === ANY) return false;
    const operator = test % OPERATORS.length;
    const value = this.#network.value((test - operator) / OPERATORS.length);
    // What is not a number compares in its own way.
    if (typeof value !== 'number') return false;
    const sum = (this.#addend[row] as number) + value;
    const limit = this.#limit[row] as number;
    switch (OPERATORS[operator]) {
      case '<':
        return !(sum < limit);
      case '<=':
        return !(sum <= limit);
      case '>':
        return !(sum > limit);
      case '>=':
        return !(sum >= limit);
      default:
        return sum !== limit;
    }
  }
}

const ANY = -1;
const OPERATORS: readonly Threshold['op'][] = ['<', '<=', '>', '>=', '=='];
