/** What a segment is made of, as it is declared. */

import type { OperatorSpec } from '../operator/operator.ts';

/**
 * One operator and what follows each of its ports. Every kind but `collector` has one port (0).
 * Several children of a port = the flow forks there: each gets every event, in order.
 */
export type SegmentTree =
  { readonly leaf: number } | { readonly operator: OperatorSpec; readonly ports: readonly (readonly SegmentTree[])[] };
