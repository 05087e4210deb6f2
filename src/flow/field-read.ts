/**
 * The field that a function of the form `event => event.field` reads, else undefined.
 *
 * A hint only: it tells the decoder which field's values to number. Each number is checked against the
 * key that the function really gives before it is used, so a wrong hint costs time and never a result.
 */
export function fieldRead(fn: (event: never) => unknown): string | undefined {
  const match = /^\(?\s*([A-Za-z_$][\w$]*)\s*\)?\s*=>\s*\1\.([A-Za-z_$][\w$]*)$/.exec(
    fn.toString().slice(0, MAX_SOURCE),
  );
  return match?.[2];
}

/** Longer functions are not of that form. */
const MAX_SOURCE = 200;
