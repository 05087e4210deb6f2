import { ConfigError } from './errors.ts';
import { didYouMean } from './similar-names.ts';

/**
 * Reads a declaration of plain data under our own names, accepting for each the name that the guide gives it
 * in JSON (`BufferSize` for `bufferSize`). A name that is unknown or given twice is refused: a misspelt limit
 * must not silently be none.
 *
 * @param names - own name -> further accepted names
 * @param path - where the declaration stands, for the message
 * @throws ConfigError
 */
export function declared<N extends string>(
  value: unknown,
  names: Readonly<Record<N, readonly string[]>>,
  path: string,
): Partial<Record<N, unknown>> {
  const known = Object.keys(names) as N[];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError(path, `an object with ${known.join(', ')}`, value);
  }
  const read: Partial<Record<N, unknown>> = {};
  for (const [key, given] of Object.entries(value as Record<string, unknown>)) {
    const name = known.find((own) => own === key || names[own].includes(key));
    if (name === undefined) throw unknownName(path, key, known);
    if (name in read) throw new ConfigError(`${path}.${key}`, `${name} only once`, key);
    read[name] = given;
  }
  return read;
}

/** For what the types promise and plain JavaScript need not keep. @throws ConfigError unless it is an object */
export function objectOfOptions(value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null) throw new ConfigError(path, 'an object of options', value);
}

/** The names of an options type: the compiler asks for each of them and takes no other. */
export function optionNames<T>(names: Readonly<Record<keyof T, boolean>>): readonly string[] {
  return Object.keys(names);
}

/** Refuses options that do not exist: a misspelt bound must not silently be the default. @throws ConfigError */
export function knownOptions(options: unknown, path: string, known: readonly string[]): void {
  objectOfOptions(options, path);
  for (const name of Object.keys(options as object)) {
    if (!known.includes(name)) throw unknownName(path, name, known);
  }
}

function unknownName(path: string, name: string, known: readonly string[]): ConfigError {
  return new ConfigError(`${path}.${name}`, `one of ${known.join(', ')}`, name, didYouMean(name, known));
}

/** @throws ConfigError unless it is a function */
export function declaredFunction(value: unknown, path: string): void {
  if (typeof value !== 'function') throw new ConfigError(path, 'a function', value);
}

/** True for a text, also where the types say that nothing else can be. */
export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** @throws ConfigError unless it is a finite number from `min` to `max` */
export function numberWithin(value: unknown, path: string, [min, max]: readonly [number, number]): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max) return value;
  throw new ConfigError(
    path,
    max === Infinity ? `a number of at least ${min}` : `a number from ${min} to ${max}`,
    value,
  );
}

/** @throws ConfigError unless it is a whole number of at least `min` */
export function wholeNumber(value: unknown, path: string, min: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min) return value;
  throw new ConfigError(path, `a whole number of at least ${min}`, value);
}
