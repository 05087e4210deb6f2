import { beforeEach, expect, test } from 'vitest';
import { VirtualScheduler } from '../../testing/virtual-scheduler.ts';
import { TimeoutError } from '../../errors/errors.ts';
import { CallBook } from './call-book.ts';
import { Protection } from './failure/protection.ts';
import { TroubleNotices } from './failure/trouble-notices.ts';
import { Place } from './place.ts';
import { StageMeter } from './stage-meter.ts';

const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

let scheduler: VirtualScheduler;
let meter: StageMeter;
let protection: Protection;
let book: CallBook;

beforeEach(() => {
  scheduler = new VirtualScheduler();
  meter = new StageMeter(scheduler);
  const options = { timeoutMs: Infinity, tries: 1, hasBreaker: true };
  protection = new Protection(
    options,
    scheduler,
    () => false,
    () => undefined,
    () => undefined,
  );
  book = new CallBook(meter, protection, new TroubleNotices('call', scheduler, () => undefined));
});

const alone = { isSuspect: false, isDivisible: false, isClosed: false };

function begun(count: number): Place[] {
  const places = Array.from(
    { length: count },
    () => new Place({ succeeded: () => undefined, failed: () => undefined }),
  );
  for (const place of places) book.begin(place);
  return places;
}

test('the meter knows of every call once it is told, and of a timed one at once', () => {
  const places = begun(5);
  expect(meter.inFlight).toBe(1);
  book.tell();
  expect([meter.inFlight, meter.calls]).toEqual([5, 5]);
  for (const place of places.slice(1)) book.succeeded(place);
  expect(meter.inFlight).toBe(5);
  book.failed(places[0] as Place);
  expect(meter.inFlight).toBe(0);
});

test('a call whose place was taken over is timed to its end', () => {
  const [timed] = begun(2) as [Place];
  const next = new Place({ succeeded: () => undefined, failed: () => undefined });
  book.replaced(timed, next);
  book.succeeded(timed);
  book.tell();
  expect(meter.inFlight).toBe(1);
  book.succeeded(next);
  expect(meter.inFlight).toBe(0);
});

test.each([
  { what: 'is outdone by calls that began later', later: 4, last: 'isolate' },
  { what: 'is outdone by none of those that were under way', later: 0, last: 'again' },
] as const)('a call that fails again and again $what', ({ later, last }) => {
  const underWay = begun(60);
  const [failing] = begun(1) as [Place];
  const judgements = Array.from({ length: 12 }, () => {
    for (const place of [...underWay.splice(0, 4), ...begun(later)]) book.succeeded(place);
    book.tell();
    const judgement = protection.judge(refused, failing, scheduler.now(), alone);
    book.begin(failing);
    return judgement;
  });
  expect(judgements).toEqual([...Array.from({ length: 11 }, () => 'again'), last]);
});

test('an outage that ends between the last two calls is held against neither', () => {
  for (const place of begun(20)) book.succeeded(place);
  book.tell(); // so that the breaker stays closed
  const [first, second] = begun(2) as [Place, Place];
  const late = new TimeoutError('call', 1000);
  const fails = (place: Place): string =>
    protection.judge(late, place, scheduler.now(), { ...alone, isClosed: protection.wasOutdone(place) });
  for (let i = 0; i < 3; i += 1) {
    for (const place of [first, second]) {
      expect(fails(place)).toBe('again');
      book.begin(place);
    }
  }
  book.succeeded(second);
  book.tell();
  const judgements = Array.from({ length: 3 }, () => {
    const judgement = fails(first);
    book.begin(first);
    return judgement;
  });
  expect(judgements).toEqual(['again', 'again', 'isolate']);
});

test('while the breaker is not closed, a success is told at once, and says that the target is back', async () => {
  const [probe, ...others] = begun(3) as [Place, Place, Place];
  for (let i = 0; i < 10; i += 1) protection.judge(refused, others[0], scheduler.now(), alone);
  expect(protection.breaker.state).toBe('open');
  await scheduler.advance(10_000);
  protection.started(probe);
  expect(protection.breaker.state).toBe('halfOpen');
  expect(book.succeeded(probe)).toBe(true);
  expect(protection.breaker.isClosed).toBe(true);
  expect(book.succeeded(others[1])).toBe(false);
});
