/** What a thread notes in shared memory for the one that watches over it, and may replace it. */

import { TOTALS, TOTALS_LENGTH, type EventRange, type Supervision, type Suspicion } from '../runtime/supervision.ts';

/** Sources and spills whose numbers are shared; a flow with more of them keeps those of the others to itself. */
const SOURCES = 64;
/** Of the note about what is on its way alone: longer ones are left out. */
const NOTE_BYTES = 8192;

/** As it stood when the thread died. */
export interface ThreadNotes {
  /** Events that each source gave, or spill gave back, after the newest checkpoint. */
  readonly given: readonly number[];
  readonly alone: EventRange | undefined;
}

interface Layout {
  readonly totals: Float64Array;
  /** Bytes of the note; 0: none. */
  readonly length: Int32Array;
  readonly note: Uint8Array;
}

/** For one thread. */
export function sharedNotes(): SharedArrayBuffer {
  return new SharedArrayBuffer(SOURCES * TOTALS_LENGTH * 8 + 4 + NOTE_BYTES);
}

/** What a thread that has ended has noted. */
export function notesIn(shared: SharedArrayBuffer): ThreadNotes {
  const { totals, length, note } = layoutOf(shared);
  const given = Array.from({ length: SOURCES }, (_, source) => {
    const [accepted = 0, safe = 0] = [TOTALS.accepted, TOTALS.safe].map((at) => totals[source * TOTALS_LENGTH + at]);
    return accepted - safe;
  });
  const bytes = Atomics.load(length, 0);
  const alone = bytes === 0 ? undefined : (JSON.parse(Buffer.from(note.slice(0, bytes)).toString()) as EventRange);
  return { given, alone };
}

export class SupervisedThread implements Supervision {
  readonly suspicion: Suspicion | undefined;
  readonly #layout: Layout;

  constructor(shared: SharedArrayBuffer, suspicion: Suspicion | undefined) {
    this.suspicion = suspicion;
    this.#layout = layoutOf(shared);
  }

  totals(source: number): Float64Array {
    if (source >= SOURCES) return new Float64Array(TOTALS_LENGTH);
    return this.#layout.totals.subarray(source * TOTALS_LENGTH, (source + 1) * TOTALS_LENGTH);
  }

  alone(events: EventRange | undefined): void {
    const { length, note } = this.#layout;
    Atomics.store(length, 0, 0); // whoever reads now finds none rather than half of one
    if (events === undefined) return;
    const bytes = Buffer.from(JSON.stringify(events));
    if (bytes.length > note.length) return;
    note.set(bytes);
    Atomics.store(length, 0, bytes.length);
  }
}

let next: Supervision | undefined;

/** The flow that runs next in this thread is watched. */
export function superviseNext(supervision: Supervision): void {
  next = supervision;
}

/** For one run. */
export function takeSupervision(): Supervision | undefined {
  const taken = next;
  next = undefined;
  return taken;
}

function layoutOf(shared: SharedArrayBuffer): Layout {
  const numbers = SOURCES * TOTALS_LENGTH;
  return {
    totals: new Float64Array(shared, 0, numbers),
    length: new Int32Array(shared, numbers * 8, 1),
    note: new Uint8Array(shared, numbers * 8 + 4, NOTE_BYTES),
  };
}
