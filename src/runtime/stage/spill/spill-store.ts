/** What spills need of the machine: durable logs, and plain data as bytes. */

export interface SpillStore {
  open(directory: string, options: SpillLogOptions): Promise<SpillLog>;
  /** Plain data as bytes. @throws where a value cannot be copied */
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

export interface SpillLogOptions {
  readonly segmentBytes: number;
  readonly recordBytes: number;
  readonly reserveBytes: number;
}

/** A durable log (`src/log`), as far as a spill uses it. */
export interface SpillLog {
  readonly directory: string;
  readonly stats: {
    /** `paused`: there is no room on the disk. */
    readonly state: 'open' | 'paused' | 'closed' | 'failed';
    readonly last: number;
    readonly acknowledged: number;
    /** Of the files. */
    readonly bytes: number;
  };
  /** Resolves once all are durable. @returns the sequence of the last one */
  append(payloads: readonly Uint8Array[]): Promise<number>;
  read(options: { readonly from: number; readonly follow?: boolean }): AsyncIterable<SpillBatch>;
  acknowledge(sequence: number): void;
  close(): Promise<void>;
}

/** Records of consecutive sequences. */
export interface SpillBatch {
  readonly first: number;
  readonly length: number;
  payload(i: number): Uint8Array;
}
