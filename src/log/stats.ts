/** Where a log stands. */
export interface LogStats {
  /** `paused`: appends wait for room. `failed`: nothing more can be written. */
  readonly state: 'open' | 'paused' | 'closed' | 'failed';
  /** Sequence of the oldest record that is there, or of the next one. */
  readonly first: number;
  /** Sequence of the newest record whose append has resolved; 0 when there was none. */
  readonly last: number;
  /** Up to here a power loss takes nothing. */
  readonly durable: number;
  readonly acknowledged: number;
  readonly segments: number;
  /** Of all segments. */
  readonly bytes: number;
  /** Records that retention removed before they were acknowledged, since it was opened. */
  readonly expiredUnacknowledged: number;
}
