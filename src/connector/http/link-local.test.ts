import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isLinkLocal, lookupBeyondLink } from './link-local.ts';

const hostOf = (url: string): string => new URL(url).hostname;

describe('addresses of this link', () => {
  it.each([
    'http://169.254.169.254/latest',
    'http://2852039166/', // the same as one number
    'http://0xa9.0xfe.0xa9.0xfe/',
    'http://0251.0376.0251.0376/',
    'http://169.254.43518/',
    'http://[::ffff:169.254.169.254]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://100.100.100.200/',
  ])('are known in any spelling: %s', (url) => expect(isLinkLocal(hostOf(url))).toBe(true));

  it.each(['http://127.0.0.1/', 'http://[::1]/', 'http://10.0.0.1/', 'http://169.253.0.1/', 'http://example.org/'])(
    'are not %s',
    (url) => expect(isLinkLocal(hostOf(url))).toBe(false),
  );

  it.each([
    ['169.254.169.254', /metadata\.example is 169\.254\.169\.254, an address of this link/],
    ['192.0.2.1', undefined],
  ])('are not reached by a name: one that is %s', (address, message) => {
    const system: LookupFunction = (_host, _options, done) => done(null, [{ address, family: 4 }]);
    let failure: Error | null = null;
    lookupBeyondLink(system)('metadata.example', { all: true }, (error) => (failure = error));
    if (message === undefined) expect(failure).toBeNull();
    else expect(String(failure)).toMatch(message);
  });
});
