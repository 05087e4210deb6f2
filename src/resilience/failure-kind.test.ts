import { describe, expect, it } from 'vitest';
import { ConnectorError, RefusedEventsError, TimeoutError } from '../errors/errors.ts';
import { failureKind, mayBeAccident } from './failure-kind.ts';

const coded = (code: string): Error => Object.assign(new Error(code), { code });

describe('the kind of a failure', () => {
  it.each([
    ['a connector that may be asked again', new ConnectorError('db', 'gone', { retryable: true }), 'passing'],
    ['a connector that is wrong', new ConnectorError('db', 'no such table'), 'lasting'],
    ['a target that will not have the events', new ConnectorError('http', '422', { aboutEvents: true }), 'data'],
    ['events that were refused one by one', new RefusedEventsError('db', new Map([[0, new Error('x')]])), 'data'],
    ['a call that did not end', new TimeoutError('call', 5), 'passing'],
    ['the signal of a deadline', new DOMException('late', 'TimeoutError'), 'passing'],
    ['a connection that was refused', coded('ECONNREFUSED'), 'passing'],
    [
      'fetch, with the connection as its cause',
      new TypeError('fetch failed', { cause: coded('ECONNRESET') }),
      'passing',
    ],
    ['an answer that an HTTP client threw', Object.assign(new Error('bad'), { response: { status: 503 } }), 'passing'],
    ['an answer about the request', Object.assign(new Error('bad'), { status: 404 }), 'data'],
    ['what a function threw', new Error('boom'), 'data'],
    ['nothing at all', undefined, 'data'],
  ])('of %s', (_what, cause, kind) => expect(failureKind(cause)).toBe(kind));

  it('ends where causes go round in a circle', () => {
    const error = new Error('round');
    error.cause = error;
    expect(failureKind(error)).toBe('data');
  });

  it('is no accident where the code itself is wrong', () => {
    expect([new Error('x'), new TypeError('x'), new ConnectorError('c', 'x')].map(mayBeAccident)).toEqual([
      true,
      false,
      false,
    ]);
  });
});
