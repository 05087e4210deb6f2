import pc from 'picocolors';
import type { Output } from '../output.ts';

export type Colors = ReturnType<typeof pc.createColors>;
export type Formatter = Colors['red'];

/** Colour on a terminal unless NO_COLOR says otherwise; elsewhere only where FORCE_COLOR asks for it. */
export function colorsFor(output: Output, env: Readonly<Record<string, string | undefined>>): Colors {
  const { NO_COLOR: no = '', FORCE_COLOR: force = '', TERM: term } = env;
  const isForced = force !== '' && force !== '0';
  return pc.createColors(no === '' && (isForced || (output.isTTY === true && term !== 'dumb' && force !== '0')));
}
