import { KeyedState } from '../state/keyed-state.ts';
import type { Key, OperatorEnvironment, Step } from './operator.ts';
import { checkFunction, type StateOptions, stateBounds, type StepSpec, storedValues } from './step-options.ts';

/**
 * Running state per key: each event gives the next state, which is also what goes on downstream, so
 * it should be a new value rather than the old one changed. When `fn` throws the state stays.
 *
 * @param initial - the first state of a key, or a function that makes it
 * @example
 * scan('total', (total: number, e: Payment) => total + e.amount, 0, { ttl: '1h' })
 */
export function scan<E, S, K extends Key | undefined = Key | undefined>(
  name: string,
  fn: (state: S, event: E, key: K) => S,
  initial: S | (() => S),
  options: StateOptions = {},
): StepSpec<E, S, K> {
  checkFunction(fn, `${name}.fn`);
  const bounds = stateBounds(name, options);
  const first = typeof initial === 'function' ? (initial as () => S) : (): S => initial;
  return {
    kind: 'step',
    name,
    create: (at) => {
      const state = new KeyedState<S>({ initial: first, ...bounds });
      return { ...storedValues('scan', name, state, options), ...makeScan(fn as Reducer<S>, state, at) };
    },
  };
}

/** As a step knows it: events and keys of any kind. */
type Reducer<S> = (state: S, event: unknown, key: Key | undefined) => S;

function makeScan<S>(fn: Reducer<S>, state: KeyedState<S>, { time, generateCode }: OperatorEnvironment): Step {
  const { values } = state;
  return {
    push: generateCode
      ? generateScan(fn, state, time)
      : (event, key, keyId, timeMs): unknown => {
          const slot = state.touch(key, keyId, timeMs, time.watermark);
          return (values[slot] = fn(values[slot] as S, event, key));
        },
    counts: () => state.counts(),
  };
}

let generated = 0;

/** The same with call sites of its own, so that V8 can inline `fn` however many scans a process runs. */
function generateScan<S>(fn: Reducer<S>, state: KeyedState<S>, time: OperatorEnvironment['time']): Step['push'] {
  generated += 1;
  const source = `'use strict';
const values = state.values;
return function push(event, key, keyId, timeMs) {
  const slot = state.touch(key, keyId, timeMs, time.watermark);
  return values[slot] = fn(values[slot], event, key);
};
//# sourceURL=daoflow-scan-${generated}.js`;
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- our own template; the function comes in by reference
  return (new Function('fn', 'state', 'time', source) as (...given: unknown[]) => Step['push'])(fn, state, time);
}
