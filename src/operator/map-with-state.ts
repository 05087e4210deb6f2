import { KeyedState } from '../state/keyed-state.ts';
import { type Key, NOTHING } from './operator.ts';
import { checkFunction, type StateOptions, stateBounds, type StepSpec, storedValues } from './step-options.ts';

/** The state of one key, valid during one call only: the same object serves every event. */
export interface StateCell<S> {
  /** undefined when the key has none: never seen, cleared, expired or evicted. Assign to set it. */
  value: S | undefined;
  /** Forgets the key. */
  clear(): void;
}

/**
 * One output, or none (undefined), from an event and the state of its key. When `fn` throws, an
 * assignment to `state.value` is undone (a change inside the value itself is not).
 *
 * @example
 * mapWithState('gaps', (e: Reading, last: StateCell<number>) => {
 *   const gap = last.value === undefined ? undefined : e.at - last.value;
 *   last.value = e.at;
 *   return gap;
 * }, { ttl: '1d' })
 */
export function mapWithState<E, S, O, K extends Key | undefined = Key | undefined>(
  name: string,
  fn: (event: E, state: StateCell<S>, key: K) => O | undefined,
  options: StateOptions = {},
): StepSpec<E, O, K> {
  checkFunction(fn, `${name}.fn`);
  const bounds = stateBounds(name, options);
  return {
    kind: 'step',
    name,
    create({ time }) {
      const state = new KeyedState<S | undefined>({ initial: () => undefined, ...bounds });
      const cell = new Cell<S>();
      return {
        ...storedValues('mapWithState', name, state, options),
        push(event, key, keyId, timeMs) {
          const { watermark } = time;
          const before = state.find(key, keyId, timeMs, watermark);
          cell.value = before < 0 ? undefined : state.values[before];
          const output = fn(event as E, cell, key as K);
          const { value } = cell;
          if (value !== undefined) {
            if (before >= 0) state.put(before, value, timeMs, watermark);
            else state.values[state.touch(key, keyId, timeMs, watermark)] = value;
          } else if (before >= 0 && state.values[before] !== undefined) {
            state.vacate(before);
          }
          return output === undefined ? NOTHING : output;
        },
        counts: () => state.counts(),
      };
    },
  };
}

class Cell<S> implements StateCell<S> {
  value: S | undefined = undefined;

  clear(): void {
    this.value = undefined;
  }
}
