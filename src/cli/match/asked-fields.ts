import { forEachPredicate } from '../../pattern/model/check.ts';
import { aggregatesIn, fieldOf, isField } from '../../pattern/model/evaluate.ts';
import type { PatternModel } from '../../pattern/model/pattern.ts';
import type { Predicate } from '../../pattern/model/predicate.ts';

/** The fields that a pattern's conditions ask of the event at hand. */
export function fieldsAsked({ steps }: PatternModel): ReadonlySet<string> {
  const asked: string[] = [];
  forEachPredicate(steps, 'steps', (predicate) => asked.push(...fieldsIn(predicate)));
  return new Set(asked);
}

/** Fields that a pattern asks for, and that no event has had so far: most likely a slip of the pen. */
export class AbsentFields {
  readonly #absent: Set<string>;
  #present: readonly string[] = [];

  constructor(model: PatternModel, partitionBy: readonly string[]) {
    const ofEarlier: string[] = [];
    forEachPredicate(model.steps, 'steps', (predicate) =>
      ofEarlier.push(...aggregatesIn(predicate).flatMap(({ field }) => field ?? [])),
    );
    this.#absent = new Set([...partitionBy, ...fieldsAsked(model), ...ofEarlier]);
  }

  see(event: object): void {
    if (this.#absent.size === 0) return;
    for (const field of this.#absent) if (fieldOf(event, field) !== undefined) this.#absent.delete(field);
    this.#present = Object.keys(event);
  }

  /** For people; undefined while there is nothing to say. */
  get sentence(): string | undefined {
    if (this.#absent.size === 0 || this.#present.length === 0) return undefined;
    const absent = [...this.#absent].map((field) => JSON.stringify(field)).join(', ');
    return `no event has ${absent}, which the pattern asks for; the last one has ${this.#present.join(', ')}`;
  }
}

function fieldsIn(predicate: Predicate<never>): string[] {
  if ('and' in predicate) return predicate.and.flatMap(fieldsIn);
  if ('or' in predicate) return predicate.or.flatMap(fieldsIn);
  if ('not' in predicate) return fieldsIn(predicate.not);
  if (!('cmp' in predicate)) return [];
  return [predicate.cmp[0], predicate.cmp[2]].flatMap((term) => (isField(term) ? [term.field] : []));
}
