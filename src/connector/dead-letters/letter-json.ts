/** Dead letters as JSON, and back. */

import { isUtf8 } from 'node:buffer';
import type { DeadLetter } from '../../event/dead-letter.ts';

/** Longer ones are base64 whatever they are: as text a control character takes six bytes, and a letter must fit in a record. */
const LONGEST_TEXT = 4 * 1024 * 1024;

/** One letter as JSON: `raw` when its bytes are UTF-8 and no more than 4 MiB, else `rawBase64`. */
export function letterJson(letter: DeadLetter): string {
  const { raw, ...rest } = letter;
  if (raw === undefined) return stringify(rest);
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  return stringify(
    bytes.length <= LONGEST_TEXT && isUtf8(bytes)
      ? { ...rest, raw: bytes.toString('utf8') }
      : { ...rest, rawBase64: bytes.toString('base64') },
  );
}

/** What `letterJson` wrote. An event that JSON did not know comes back as its text. */
export function letterFrom(json: string): DeadLetter {
  const { raw, rawBase64, ...rest } = JSON.parse(json) as Omit<DeadLetter, 'raw'> & {
    readonly raw?: string;
    readonly rawBase64?: string;
  };
  if (raw !== undefined) return { ...rest, raw: Buffer.from(raw, 'utf8') };
  return rawBase64 === undefined ? rest : { ...rest, raw: Buffer.from(rawBase64, 'base64') };
}

/** An event may hold what JSON does not know (bigint, cycles): then its text stands for it. */
function stringify(letter: Record<string, unknown>): string {
  try {
    return JSON.stringify(letter, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  } catch {
    return JSON.stringify({ ...letter, event: String(letter['event']), key: String(letter['key']) });
  }
}
