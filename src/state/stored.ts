/**
 * State that outlives the process: what an operator gives away at a checkpoint and takes back at a restart.
 *
 * To join, an operator gives `shape`, `snapshot` and `restore`: three members. It is asked between two batches only.
 */

import { DaoFlowError } from '../errors/errors.ts';

/** State as plain data: what `structuredClone` can copy and gives back equal. */
export type StateData = unknown;

export interface Stored {
  /**
   * What the data means, as a text: data of another shape is not restored but refused. Changes whenever old data would
   * be misread; says what a person should know (`tumbling 60000 [n:count]`).
   */
  readonly shape: string;
  /** Everything that later results depend on. A copy, or data that is not written to any more. */
  snapshot(): StateData;
  /** Takes over what `snapshot` gave, in place of the state of a new operator. */
  restore(data: StateData): void;
}

export function isStored(operator: object): operator is Stored {
  return 'snapshot' in operator && 'restore' in operator && 'shape' in operator;
}

/** State cannot be stored or restored as it is. The run does not start, or goes on without checkpoints. */
export class StateError extends DaoFlowError {
  override readonly name = 'StateError';
  constructor(message: string, cause?: unknown) {
    super('DAO_STATE', message, cause);
  }
}

/** Deeper values are refused: a state that nests so deep is a mistake or a cycle. */
const MAX_DEPTH = 64;

/**
 * Refuses what a copy would misread: functions, symbols, objects with a class of their own, cycles.
 *
 * @param path - of the operator, for the message
 * @throws StateError
 */
export function checkPlain(value: unknown, path: string, depth = 0): void {
  if (typeof value === 'function' || typeof value === 'symbol') throw notPlain(path, `a ${typeof value}`);
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) throw notPlain(path, `more than ${MAX_DEPTH} levels, or a cycle`);
  if (Array.isArray(value)) {
    for (const each of value) checkPlain(each, path, depth + 1);
  } else if (value instanceof Map) {
    for (const [key, each] of value) {
      checkPlain(key, path, depth + 1);
      checkPlain(each, path, depth + 1);
    }
  } else if (value instanceof Set) {
    for (const each of value) checkPlain(each, path, depth + 1);
  } else if (!(value instanceof Date || ArrayBuffer.isView(value))) {
    checkRecord(value, path, depth);
  }
}

function checkRecord(value: object, path: string, depth: number): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw notPlain(path, `an instance of ${value.constructor.name}`);
  }
  for (const each of Object.values(value)) checkPlain(each, path, depth + 1);
}

function notPlain(path: string, what: string): StateError {
  return new StateError(
    `the state of ${path} holds ${what}, which cannot be stored. Keep plain data: objects, arrays, Map, Set, Date, numbers and texts.`,
  );
}
