/** Makes the rows of the tuning-real bench: as many as it is asked for, `{ from, count }`. */

import { rowOf } from '../tuning-real/row.ts';
import type { ToLoad } from '../tuning-real/protocol.ts';

process.on('message', ({ from, count }: ToLoad) => {
  process.send?.(Array.from({ length: count }, (_, i) => rowOf(from + i)));
});
process.on('disconnect', () => process.exit(0));
