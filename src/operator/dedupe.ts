import { KeyedState } from '../state/keyed-state.ts';
import { type Key, NOTHING } from './operator.ts';
import { checkFunction, type StateOptions, stateBounds, type StepSpec, storedValues } from './step-options.ts';

/**
 * Passes the first event of each id. An id is forgotten `ttl` after its first event (duplicates do
 * not prolong it) or when `maxKeys` ids are held, so duplicates further apart than that pass.
 * Ids are compared across the keys of a keyed flow; 1 and '1' are two ids.
 *
 * @example
 * dedupe('once', (e: Payment) => e.id, { ttl: '10m' })
 */
export function dedupe<E>(name: string, id: (event: E) => Key, options: StateOptions = {}): StepSpec<E, E> {
  checkFunction(id, `${name}.id`);
  const bounds = stateBounds(name, options);
  return {
    kind: 'step',
    name,
    create({ time }) {
      const seen = new KeyedState<true>({ initial: () => true, ...bounds });
      let duplicates = 0;
      return {
        ...storedValues('dedupe', name, seen, options),
        push(event, _key, _keyId, timeMs) {
          const key = checkId(id(event as E));
          const { watermark } = time;
          if (seen.find(key, -1, timeMs, watermark) >= 0) {
            duplicates += 1;
            return NOTHING;
          }
          seen.touch(key, -1, timeMs, watermark);
          return event;
        },
        counts: () => ({ ...seen.counts(), duplicates }),
      };
    },
  };
}

function checkId(id: unknown): Key {
  if (typeof id === 'string' || typeof id === 'number') return id;
  throw new TypeError(`dedupe: the id must be a string or a number, and is ${id === null ? 'null' : typeof id}`);
}
