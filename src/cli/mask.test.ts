import { describe, expect, it } from 'vitest';
import { masked, maskedMessage, maskedText } from './mask.ts';

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

  it.each([
    `an event cannot be processed: Unexpected token, ..."password":"${CANARY}",... is not valid JSON`,
    `cannot send to https://me:${CANARY}@example.org/`,
    `it says: password=${CANARY}, try again`,
    `it says: Bearer ${CANARY}`,
  ])('hides the secret of the message %s', (message) => expect(maskedMessage(message)).not.toContain(CANARY));

  it.each(['http().token: expected 16 to 256 printable characters, received "***".', 'password: expected a string'])(
    'leaves the words of the message %s',
    (message) => expect(maskedMessage(message)).toBe(message),
  );

  it('takes a time that grows with the length only', () => {
    const evil = [
      'a'.repeat(64_000),
      '"'.repeat(64_000),
      'token '.repeat(10_000),
      '//'.repeat(32_000),
      '4 '.repeat(32_000),
    ];
    const start = process.cpuUsage().user;
    for (const text of evil) maskedMessage(maskedText(text));
    expect((process.cpuUsage().user - start) / 1000).toBeLessThan(500);
  });

  it('hides card numbers', () => expect(maskedText('paid with 4111 1111 1111 1111 today')).toBe('paid with *** today'));

  it('leaves the rest as it is', () => {
    const event = { id: 7, name: 'Ann', amount: 12.5, at: 1_760_000_000_000, tags: ['a', null] };
    expect(masked(event)).toEqual(event);
    expect(maskedText('{"id":')).toBe('{"id":');
  });
});
