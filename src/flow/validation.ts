import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ConfigError } from '../errors/errors.ts';

export type Validated = { readonly value: unknown } | { readonly reason: string };

/** Issues named in a reason: the first few tell, all could be a page. */
const MAX_ISSUES = 3;

/** Checks one event against a schema. @throws ConfigError when the schema is asynchronous */
export function validate(schema: StandardSchemaV1, event: unknown): Validated {
  const result = schema['~standard'].validate(event);
  if (result instanceof Promise) {
    result.catch(() => undefined);
    throw new ConfigError(
      'from.schema',
      'a schema that validates synchronously',
      'an asynchronous one',
      'Do the asynchronous part in mapAsync.',
    );
  }
  return result.issues === undefined ? { value: result.value } : { reason: describe(result.issues) };
}

/** @throws ConfigError when `schema` does not follow the Standard Schema interface */
export function checkSchema(schema: unknown, path: string): void {
  const standard = (schema as Partial<StandardSchemaV1> | null | undefined)?.['~standard'];
  if (typeof standard?.validate !== 'function') {
    throw new ConfigError(path, 'a Standard Schema (zod, valibot, arktype, ...)', schema);
  }
}

/** @throws ConfigError when `value` is given and none of `allowed` */
export function checkOneOf(value: string | undefined, allowed: readonly string[], path: string): void {
  if (value === undefined || allowed.includes(value)) return;
  throw new ConfigError(path, allowed.map((a) => `"${a}"`).join(' or '), value);
}

/** @throws ConfigError when `sink` is not one; for where a function over batches has no options to go with it */
export function checkSink(sink: unknown, path: string): void {
  if (typeof (sink as { open?: unknown } | null | undefined)?.open === 'function') return;
  throw new ConfigError(path, 'a sink such as file(...), memory() or callback(...)', sink);
}

/**
 * The top-level fields that a schema looks at and keeps, when it strips all others; else undefined.
 * Known for plain objects of zod 4 and valibot, whose structure is part of their public surface;
 * any other schema is taken to need the whole event.
 */
export function declaredFields(schema: StandardSchemaV1): readonly string[] | undefined {
  const object = schema as { _zod?: { def?: ZodObject }; type?: unknown; entries?: object; pipe?: unknown };
  const zod = object._zod?.def;
  if (zod?.type === 'object' && zod.shape !== undefined && zod.catchall === undefined) return Object.keys(zod.shape);
  const isValibotObject =
    schema['~standard'].vendor === 'valibot' && object.type === 'object' && object.pipe === undefined;
  return isValibotObject && object.entries !== undefined ? Object.keys(object.entries) : undefined;
}

interface ZodObject {
  readonly type?: unknown;
  readonly shape?: object;
  readonly catchall?: unknown;
}

function describe(issues: readonly StandardSchemaV1.Issue[]): string {
  const named = issues.slice(0, MAX_ISSUES).map(({ message, path }) => {
    const where = path?.map((segment) => String(typeof segment === 'object' ? segment.key : segment)).join('.');
    return where === undefined || where === '' ? message : `${where}: ${message}`;
  });
  const rest = issues.length - named.length;
  return rest > 0 ? `${named.join('; ')}; and ${rest} more` : named.join('; ');
}
