/** What is measured: a store that appends events of 200 bytes and says when they are durable. */
export interface Store {
  /** Appends, removes the oldest beyond those it keeps, and resolves once a power loss can no longer take what it appended. */
  append(events: readonly Uint8Array[]): void | Promise<void>;
  /** How many events are in it and not removed. */
  count(): number | Promise<number>;
  close(): void | Promise<void>;
}

/** A way of configuring a store for speed without giving up durability. */
export interface Configuration {
  readonly name: string;
  /** `one` waits for each batch; `many` let the store gather what several append at the same time. */
  readonly callers: 'one' | 'many';
}

export interface Contestant {
  readonly name: string;
  readonly configurations: readonly Configuration[];
  /** @param keep - events that stay, the newest; Infinity: all */
  open(directory: string, configuration: string, keep: number): Promise<Store>;
}

export const EVENT_BYTES = 200;

/** Events whose bytes do not compress and do not repeat: as those of many sources are. */
export function randomEvents(count: number): Uint8Array[] {
  let state = 0x9e3779b9;
  return Array.from({ length: count }, () => {
    const bytes = new Uint8Array(EVENT_BYTES);
    for (let i = 0; i < EVENT_BYTES; i += 1) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      bytes[i] = state;
    }
    return bytes;
  });
}
