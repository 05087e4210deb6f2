/** Keeps only the wanted top-level fields of a parsed value, in its own order. */
export type Projection = (value: unknown) => unknown;

/** The projection to `fields`; undefined when everything is kept. Values that are not objects pass. */
export function projectionOf(fields: readonly string[] | undefined): Projection | undefined {
  if (fields === undefined) return undefined;
  const kept = new Set(fields);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const picked: Record<string, unknown> = {};
    // Values of JSON.parse have no inherited members that could be enumerated.
    for (const name in value) {
      if (kept.has(name)) setOwn(picked, name, (value as Record<string, unknown>)[name]);
    }
    return picked;
  };
}

/** As JSON.parse does it: `__proto__` becomes a member, not the prototype. */
function setOwn(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    target[name] = value;
  }
}
