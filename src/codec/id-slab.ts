/** Ids of many small batches share one array of this length, so that a batch costs no buffer of its own. */
const SLAB_IDS = 16_384;

/**
 * Where the ids of batches stand, one after another, for all decoders of a codec: one channel per request would else be a
 * slab per request. A decoder is the only one with a view from the first look at it until its batch leaves.
 */
export class IdSlab {
  readonly #maxEvents: number;
  #ids: Int32Array;
  #used = 0;

  constructor(maxEvents: number) {
    this.#maxEvents = maxEvents;
    this.#ids = new Int32Array(Math.max(SLAB_IDS, maxEvents));
  }

  /** Room for the ids of a whole batch. */
  view(): Int32Array {
    if (this.#used + this.#maxEvents > this.#ids.length) {
      this.#ids = new Int32Array(this.#ids.length);
      this.#used = 0;
    }
    return this.#ids.subarray(this.#used, this.#used + this.#maxEvents);
  }

  /** So many ids of the view have left with a batch. */
  taken(ids: number): void {
    this.#used += ids;
  }
}
