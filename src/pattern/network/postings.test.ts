import { expect, test } from 'vitest';
import { NO_POSTING, Postings } from './postings.ts';

test('chains lead back to what is left, through the ring and its growth', () => {
  const postings = new Postings<string>();
  let [odd, even] = [NO_POSTING, NO_POSTING];
  for (let i = 0; i < 1000; i += 1) {
    postings.trim(i - 100);
    if (i % 2 === 0) even = postings.add(`e${i}`, i, even, postings.next);
    else odd = postings.add(`e${i}`, i, odd, postings.next);
  }
  expect([postings.first, postings.next, postings.capacity]).toEqual([900, 1000, 128]);
  const chain: string[] = [];
  for (let at = odd; at >= postings.first; at = postings.before(at)) chain.push(postings.eventOf(at));
  expect(chain).toEqual(Array.from({ length: 50 }, (_, i) => `e${999 - 2 * i}`));
});

test('postings of one event know it by the first of them', () => {
  const postings = new Postings<string>();
  const first = postings.add('x', 1, NO_POSTING, postings.next);
  const second = postings.add('x', 1, NO_POSTING, first);
  expect([postings.firstOf(first), postings.firstOf(second)]).toEqual([first, first]);
  expect(postings.before(second)).toBe(NO_POSTING);
});

test('a ring in which nothing is left is as small as at first, and numbers go on', () => {
  const postings = new Postings<object>();
  for (let i = 0; i < 500; i += 1) postings.add({}, i, NO_POSTING, postings.next);
  expect(postings.capacity).toBe(512);
  postings.trim(499);
  expect([postings.first, postings.next, postings.capacity]).toEqual([500, 500, 64]);
});
