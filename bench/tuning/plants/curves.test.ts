import { expect, it } from 'vitest';
import type { PlantCall } from 'daoflow/testing';
import { delayed, replyOf, room, type Service } from './curves.ts';

/** What calls of ten events take that start then, ms; or how they end. */
function repliesOf(service: Service, starts: readonly number[], servers = 1): (number | string)[] {
  const asked = { batch: 10, inFlight: 1, random: () => 0.5, servers: new Float64Array(servers), state: {} };
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

it('has room for as many calls as there are servers', () => {
  const service = room((batch) => batch, 0, { durationMs: 1, outcome: 'rejected' });
  expect(repliesOf(service, [0, 1, 2, 9.5, 10.5, 10.6], 2)).toEqual([10, 10, 'rejected', 'rejected', 10, 'rejected']);
});
