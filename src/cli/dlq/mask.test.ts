import { describe, expect, it } from 'vitest';
import { masked, maskedText } from './mask.ts';

const CANARY = 'canary-5up3r';

describe('masking', () => {
  it.each([
    { password: CANARY },
    { a: [{ apiKey: CANARY }] },
    { headers: { Authorization: `Bearer ${CANARY}` } },
    { note: `Bearer ${CANARY}` },
    { url: `postgres://me:${CANARY}@db/x` },
    { raw: `{"id":1,"client_secret":"${CANARY}"}` },
    { raw: `{"id":1,"password":"${CANARY}` },
    { raw: `id=1&access_token=${CANARY}&x=2` },
  ])('hides the secret of %j', (value) => expect(JSON.stringify(masked(value))).not.toContain(CANARY));

  it('hides card numbers', () => expect(maskedText('paid with 4111 1111 1111 1111 today')).toBe('paid with *** today'));

  it('leaves the rest as it is', () => {
    const event = { id: 7, name: 'Ann', amount: 12.5, at: 1_760_000_000_000, tags: ['a', null] };
    expect(masked(event)).toEqual(event);
    expect(maskedText('{"id":')).toBe('{"id":');
  });
});
