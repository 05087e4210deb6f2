import { fieldOf } from '../model/evaluate.ts';

/** The fields that predicates ask for, by number: each is read at most once per event. */
export class EventFields {
  readonly #names: string[] = [];
  readonly #ids = new Map<string, number>();
  readonly #values: unknown[] = [];
  /** By field: the stamp of the event that it was read from. */
  readonly #readAt: number[] = [];
  #event: unknown;
  #stamp = 0;

  get event(): unknown {
    return this.#event;
  }

  /** @param stamp - another one than for the events before */
  turnTo(event: unknown, stamp: number): void {
    this.#event = event;
    this.#stamp = stamp;
  }

  /** Stamps begin anew. */
  forget(): void {
    this.#readAt.fill(0);
  }

  idOf(name: string): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.#names.push(name) - 1;
    this.#ids.set(name, id);
    this.#values.push(undefined);
    this.#readAt.push(0);
    return id;
  }

  /** A field of the event at hand. */
  value(field: number): unknown {
    if (this.#readAt[field] === this.#stamp) return this.#values[field];
    const value = fieldOf(this.#event, this.#names[field] as string);
    this.#values[field] = value;
    this.#readAt[field] = this.#stamp;
    return value;
  }
}
