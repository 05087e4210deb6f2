/**
 * What one sender may take of a server that all share: connections, and requests a second. A sender is an address; an IPv6
 * one counts by its network of 64 bits, which one host usually has to itself.
 *
 * Invariants (peers.test.ts)
 * - Memory: one entry per address that is connected, or has sent within the last second; at most `MOST_PEERS`.
 * - A sender within its limits is never refused because of another.
 */

export interface PeerLimits {
  /** Connections at once. */
  readonly connections: number;
  /** Requests a second, and as many at once; Infinity: no limit. */
  readonly requestsPerSecond: number;
}

interface Peer {
  connections: number;
  /** Requests that may be made now, as of `at`. */
  tokens: number;
  at: number;
}

/** Beyond this many, those without a connection are forgotten, oldest first. */
const MOST_PEERS = 10_000;

export class Peers {
  readonly #limits: PeerLimits;
  readonly #peers = new Map<string, Peer>();

  constructor(limits: PeerLimits) {
    this.#limits = limits;
  }

  /** @returns false when it has as many as it may; else `disconnected` must follow */
  connected(address: string | undefined, nowMs: number): boolean {
    const peer = this.#peerOf(address, nowMs);
    if (peer.connections >= this.#limits.connections) return false;
    peer.connections += 1;
    return true;
  }

  disconnected(address: string | undefined, nowMs: number): void {
    this.#peerOf(address, nowMs).connections -= 1;
  }

  /** Counts a request. @returns false when there are too many */
  requested(address: string | undefined, nowMs: number): boolean {
    const { requestsPerSecond } = this.#limits;
    if (requestsPerSecond === Infinity) return true;
    const peer = this.#peerOf(address, nowMs);
    peer.tokens = Math.min(requestsPerSecond, peer.tokens + ((nowMs - peer.at) / 1000) * requestsPerSecond);
    peer.at = nowMs;
    if (peer.tokens < 1) return false;
    peer.tokens -= 1;
    return true;
  }

  #peerOf(address: string | undefined, nowMs: number): Peer {
    const id = networkOf(address ?? 'unknown');
    const known = this.#peers.get(id);
    if (known !== undefined) return known;
    if (this.#peers.size >= MOST_PEERS) this.#forget(nowMs);
    const peer = { connections: 0, tokens: this.#limits.requestsPerSecond, at: nowMs };
    this.#peers.set(id, peer);
    return peer;
  }

  /** Those that have all of their limits back first, else the oldest without a connection. */
  #forget(nowMs: number): void {
    let oldest: string | undefined;
    for (const [id, { connections, at }] of this.#peers) {
      if (connections > 0) continue;
      oldest ??= id;
      if (nowMs - at >= 1000) this.#peers.delete(id);
    }
    if (oldest !== undefined) this.#peers.delete(oldest);
  }
}

/** `::ffff:192.0.2.1` is the IPv4 address; the network of another IPv6 address is its first four groups. */
function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, 4).join(':');
}
