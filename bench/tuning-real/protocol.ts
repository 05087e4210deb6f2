/** Between the bench and the server with slots, and what every stand counts. */

export type ToSlots =
  | { readonly kind: 'slow'; readonly callMs?: number }
  | { readonly kind: 'hold'; readonly forMs: number }
  | { readonly kind: 'count' }
  | { readonly kind: 'reset' };

export interface Counted {
  readonly rows: number;
  readonly distinct: number;
}
