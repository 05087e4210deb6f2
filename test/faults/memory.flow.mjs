/** A file into a file; in one life an event fills more memory, outside the heap, than the process may use. */

import { file, flow } from 'daoflow';

const { EVENTS, OUT, DATA, FILLS_AT } = process.env;
const PIECE_BYTES = 64 * 1024 * 1024;
const PIECES = 32;

const kept = [];

export default flow('memory', { data: DATA, checkpointEvery: '100ms' })
  .from(file(EVENTS))
  .rateLimit(20_000)
  .map((event) => {
    if (event.n === Number(FILLS_AT)) for (let i = 0; i < PIECES; i += 1) kept.push(Buffer.alloc(PIECE_BYTES, 1));
    return { n: event.n };
  })
  .to(file(OUT));
