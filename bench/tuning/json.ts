/** JSON with infinity: a target that is never met, a cost of nothing done. */

export function encode(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (each === Infinity ? 'Infinity' : each));
}

export function decode(text: string): unknown {
  return JSON.parse(text, (_, each: unknown) => (each === 'Infinity' ? Infinity : each));
}
