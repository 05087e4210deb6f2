import type { Bindings, MatchOutput } from '../matcher.ts';
import { NONE, UNION, type NodeArena } from './node-arena.ts';

/** Matches of a set of nodes, one by one: memory is one path, and each step of the walk leads to a match. */
export class Enumerator<E> {
  readonly #arena: NodeArena<E>;
  readonly names: readonly string[];
  /** Sets still to visit, each with the length of the path above it. */
  readonly #waiting: number[] = [];
  readonly #depths: number[] = [];
  /** From the last event of a match back to its first. */
  readonly #path: number[] = [];

  constructor(arena: NodeArena<E>, names: readonly string[]) {
    this.#arena = arena;
    this.names = names;
  }

  /**
   * Hands the matches of `root` to `output`, those with later starts first.
   *
   * @param overUntil - matches that started then or earlier are over
   * @param limit - no more than these
   * @returns how many there were
   */
  emit(root: number, overUntil: number, endTs: number, limit: number, output: MatchOutput<E>): number {
    const { label, left, right, start } = this.#arena;
    const [waiting, depths, path] = [this.#waiting, this.#depths, this.#path];
    waiting.length = 0;
    depths.length = 0;
    let [node, depth, emitted] = [root, 0, 0];
    while (emitted < limit) {
      if (label[node] === UNION) {
        const other = right[node] as number;
        if ((start[other] as number) > overUntil) {
          waiting.push(other);
          depths.push(depth);
        }
        node = left[node] as number;
        continue;
      }
      path[depth] = node;
      depth += 1;
      node = left[node] as number;
      if (node !== NONE) continue;
      output.match(this.#bindings(depth), start[path[depth - 1] as number] as number, endTs, 1);
      emitted += 1;
      const next = waiting.pop();
      if (next === undefined) break;
      node = next;
      depth = depths.pop() as number;
    }
    return emitted;
  }

  /** Hands out one match by its nodes, the last event's first. */
  hand(path: readonly number[], endTs: number, output: MatchOutput<E>): void {
    path.forEach((node, i) => {
      this.#path[i] = node;
    });
    output.match(this.#bindings(path.length), this.#arena.start[path.at(-1) ?? NONE] as number, endTs, 1);
  }

  #bindings(length: number): Bindings<E> {
    const { label, right, events } = this.#arena;
    const bindings: Record<string, E[]> = {};
    for (let i = length - 1; i >= 0; i -= 1) {
      const node = this.#path[i] as number;
      const name = this.names[label[node] as number] as string;
      const bound = bindings[name];
      const event = events[right[node] as number] as E;
      if (bound === undefined) bindings[name] = [event];
      else bound.push(event);
    }
    return bindings;
  }
}
