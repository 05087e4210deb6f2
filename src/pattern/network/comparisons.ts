import { grownFloats, grownInts } from '../../state/columns.ts';
import type { CanonicalPredicate } from './canonical.ts';
import type { EventFields } from './event-fields.ts';

/** 0: none of these. */
const KINDS: readonly string[] = ['', '==', '<', '<=', '>', '>='];

/**
 * Comparisons of a field with a literal, by number of predicate: the sort of which there are thousands. In columns they cost
 * a few reads; a function of its own for each is called cold (bench:patterns, dense).
 */
export class Comparisons {
  #kind: Int32Array = new Int32Array(64);
  #field: Int32Array = new Int32Array(64);
  #limit: Float64Array = new Float64Array(64);
  readonly #equals: unknown[] = [];

  /** A predicate whose number is new; nothing is kept of one that is no such comparison. */
  enter(id: number, predicate: CanonicalPredicate, fields: EventFields): void {
    if (id >= this.#kind.length) {
      this.#kind = grownInts(this.#kind, id, 0);
      this.#field = grownInts(this.#field, id, 0);
      this.#limit = grownFloats(this.#limit, id);
    }
    this.#kind[id] = 0;
    this.#equals[id] = undefined;
    if (predicate.kind !== 'compare') return;
    const { op, literal, field } = predicate;
    if (op === '==') this.#equals[id] = literal;
    else if (typeof literal === 'number' && Number.isFinite(literal)) this.#limit[id] = literal;
    else return;
    this.#kind[id] = Math.max(0, KINDS.indexOf(op));
    this.#field[id] = fields.idOf(field);
  }

  has(id: number): boolean {
    return this.#kind[id] !== 0;
  }

  /** Whether one that is here holds. */
  holds(id: number, fields: EventFields): boolean {
    const value = fields.value(this.#field[id] as number);
    const kind = this.#kind[id];
    if (kind === 1) return value === this.#equals[id];
    if (typeof value !== 'number') return false;
    const limit = this.#limit[id] as number;
    if (kind === 2) return value < limit;
    if (kind === 3) return value <= limit;
    return kind === 4 ? value > limit : value >= limit;
  }
}
