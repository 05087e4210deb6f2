import { expect, it } from 'vitest';
import type { PlantCall } from 'daoflow/testing';
import { delayed, replyOf, type Service } from './curves.ts';

/** What calls of ten events take that start then, ms; or how they end. */
function repliesOf(service: Service, starts: readonly number[]): (number | string)[] {
  const asked = { batch: 10, inFlight: 1, random: () => 0.5, servers: new Float64Array(1), state: {} };
  return starts.map((now) => {
    const { durationMs, outcome } = replyOf(service({ ...asked, now } satisfies PlantCall));
    return outcome ?? durationMs;
  });
}

it('makes up for unused time, up to an allowance: calls then return at once', () => {
  const service = delayed((batch) => batch, 0, 30);
  expect(repliesOf(service, [0, 0, 0, 0, 0])).toEqual([0, 0, 0, 10, 20]);
  expect(repliesOf(service, [0, 0, 0, 0, 1000, 1000, 1000, 1000])).toEqual([0, 0, 0, 10, 0, 0, 0, 10]);
  expect(
    repliesOf(
      delayed((batch) => batch, 0, 0),
      [0, 0, 100],
    ),
  ).toEqual([10, 20, 10]);
});
