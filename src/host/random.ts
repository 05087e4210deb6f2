import { getRandomValues } from 'node:crypto';

import type { Random } from '../time/clock.ts';

/**
 * Uniform numbers in [0, 1) with 53 random bits: xoshiro128**, period 2^128 - 1, about 10 ns per
 * number, no allocation. Not for secrets.
 *
 * @param seed - any number; equal seeds give equal sequences, on every platform. Left out: seeded
 *   from the operating system.
 *
 * Sources: D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators" (2021),
 * xoshiro128** 1.1; the seed is spread with the finalizer of MurmurHash3 over a Weyl sequence
 * (SplitMix, Steele et al. 2014, in 32 bits).
 */
export function systemRandom(seed?: number): Random {
  const state = seed === undefined ? getRandomValues(new Uint32Array(4)) : spread(seed);
  if (state.every((word) => word === 0)) state[0] = 1; // the one state that never leaves itself
  const next = xoshiro128(state);
  return () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
}

/** Uniform 32-bit words from a state of four words, not all zero. */
export function xoshiro128(state: ArrayLike<number>): () => number {
  let [a, b, c, d] = Array.from(state) as [number, number, number, number];
  return () => {
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return scrambled >>> 0;
  };
}

const GOLDEN = 0x9e3779b9;

/** Four words from all 64 bits of the seed, so that 0.1 and 0.2 are different seeds. */
function spread(seed: number): Uint32Array {
  const [low, high] = new Uint32Array(Float64Array.of(seed).buffer) as unknown as [number, number];
  let weyl = finish(low) ^ high;
  return Uint32Array.from({ length: 4 }, () => {
    weyl = (weyl + GOLDEN) | 0;
    return finish(weyl);
  });
}

function finish(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
