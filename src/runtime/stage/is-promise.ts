/** Anything with a `then`: libraries have promises of their own. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise || typeof (value as Promise<unknown> | undefined)?.then === 'function';
}
