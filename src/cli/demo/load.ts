/** The demo's events: payments as NDJSON, encoded once and handed out in turn. */

export interface Payment {
  readonly id: number;
  readonly card: string;
  readonly amount: number;
  readonly country: string;
  readonly channel: string;
}

/** A power of two, larger than any batch: about 1.5 MB. */
const RECORDS = 16_384;
const CARDS = 1000;
const COUNTRIES = ['DE', 'FR', 'IT', 'NL', 'PL', 'ES', 'SE', 'AT'] as const;
const CHANNELS = ['card', 'web', 'app'] as const;

export interface PaymentBytes {
  /** `count` whole lines from number `first` on. */
  take(first: number, count: number): Uint8Array;
}

/** Deterministic: the same lines in each run. */
export function paymentBytes(): PaymentBytes {
  const lines = Array.from({ length: RECORDS }, (_, i) => `${JSON.stringify(payment(i))}\n`);
  // Twice in a row, so that a batch which wraps around is one slice too.
  const bytes = Buffer.from(lines.join('').repeat(2));
  const starts = new Uint32Array(2 * RECORDS + 1);
  for (let i = 0; i < 2 * RECORDS; i += 1) {
    starts[i + 1] = (starts[i] as number) + Buffer.byteLength(lines[i % RECORDS] as string);
  }
  return {
    take(first, count) {
      const from = first % RECORDS;
      return bytes.subarray(starts[from], starts[from + Math.min(count, RECORDS)]);
    },
  };
}

function payment(i: number): Payment {
  // Multiplicative hashing: looks random, repeats exactly.
  const mixed = Math.imul(i + 1, 2_654_435_761) >>> 0;
  return {
    id: i,
    card: `card-${mixed % CARDS}`,
    amount: (mixed >>> 8) % 1000,
    country: COUNTRIES[(mixed >>> 4) % COUNTRIES.length] as string,
    channel: CHANNELS[(mixed >>> 12) % CHANNELS.length] as string,
  };
}
