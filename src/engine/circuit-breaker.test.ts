import { describe, expect, it } from 'vitest';
import { CircuitOpenError, ConfigError } from '../errors/errors.ts';
import { VirtualScheduler } from '../testing/virtual-scheduler.ts';
import { CircuitBreaker } from './circuit-breaker.ts';

const fails = (): Promise<never> => Promise.reject(new Error('away'));

describe('CircuitBreaker', () => {
  it('refuses calls while it is open, lets one probe, and closes', async () => {
    const clock = new VirtualScheduler();
    const states: string[] = [];
    const breaker = new CircuitBreaker({ name: 'rates', minCalls: 2, clock, onChange: (state) => states.push(state) });
    for (let i = 0; i < 2; i += 1) await expect(breaker.call(fails)).rejects.toThrow('away');
    await expect(breaker.call(() => 1)).rejects.toThrow(
      new CircuitOpenError('rates', 500).message, // rates failed too often: no call for another 500 ms
    );
    await clock.advance(500);
    const probe = breaker.call(() => Promise.resolve(7));
    await expect(breaker.call(() => 1)).rejects.toBeInstanceOf(CircuitOpenError);
    expect(await probe).toBe(7);
    expect([states, breaker.state, breaker.opened]).toEqual([['open', 'halfOpen', 'closed'], 'closed', 1]);
  });

  it('does not hold against the target what is not its failure', async () => {
    const breaker = new CircuitBreaker({ minCalls: 1, isFailure: (error) => (error as Error).message !== 'yours' });
    const yours = (): Promise<never> => Promise.reject(new Error('yours'));
    for (let i = 0; i < 20; i += 1) await expect(breaker.call(yours)).rejects.toThrow('yours');
    expect(breaker.state).toBe('closed');
  });

  it.each([{ failureRatio: 0 }, { minCalls: 65 }, { window: 'long' }, { openFor: '5s', maxOpenFor: '1s' }])(
    'refuses %j',
    (options) => expect(() => new CircuitBreaker(options)).toThrow(ConfigError),
  );
});
