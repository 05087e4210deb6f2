import { describe, expect, it } from 'vitest';
import { Peers } from './peers.ts';

const limits = { connections: 2, requestsPerSecond: 10 };
const count = (times: number, act: () => boolean): number => Array.from({ length: times }, act).filter(Boolean).length;

describe('what a sender may take', () => {
  it('is so many connections, which it gets back', () => {
    const peers = new Peers(limits);
    expect(count(5, () => peers.connected('192.0.2.1', 0))).toBe(2);
    expect(count(5, () => peers.connected('192.0.2.2', 0))).toBe(2);
    peers.disconnected('192.0.2.1', 0);
    expect(count(5, () => peers.connected('192.0.2.1', 0))).toBe(1);
  });

  it('is so many requests a second, whatever others do', () => {
    const peers = new Peers(limits);
    expect(count(50, () => peers.requested('192.0.2.1', 0))).toBe(10);
    expect(count(50, () => peers.requested('192.0.2.2', 0))).toBe(10);
    expect(count(50, () => peers.requested('192.0.2.1', 500))).toBe(5);
    expect(count(50, () => peers.requested('192.0.2.1', 60_000))).toBe(10);
  });

  it.each([
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['2001:db8:1:2:3::4', '2001:db8:1:2::9', true],
    ['2001:db8:1:3::4', '2001:db8:1:2::9', false],
    ['::1', '::2', true],
  ])('is shared by %s and %s: %s', (one, other, isShared) => {
    const peers = new Peers({ connections: 1, requestsPerSecond: Infinity });
    peers.connected(one, 0);
    expect(peers.connected(other, 0)).toBe(!isShared);
  });

  it('is remembered for a bounded number of senders, first of all for those that are connected', () => {
    const peers = new Peers({ connections: 1, requestsPerSecond: 1 });
    peers.connected('192.0.2.1', 0);
    for (let i = 0; i < 30_000; i += 1) peers.requested(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 0);
    expect(peers.connected('192.0.2.1', 0)).toBe(false);
    expect(peers.requested('10.0.117.47', 0)).toBe(false); // the last one
    expect(peers.requested('10.0.0.1', 0)).toBe(true); // long forgotten
  });
});
