export function square(x: number): number {
  return x * x;
}

export function clamp(x: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, x));
}

export function columnOf<T>(items: readonly T[], valueOf: (item: T) => number): Float64Array {
  const values = new Float64Array(items.length);
  for (let i = 0; i < items.length; i += 1) values[i] = valueOf(items[i] as T);
  return values;
}
