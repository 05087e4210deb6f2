import { beforeEach, expect, test } from 'vitest';
import type { StageObservation } from '../../control/observation.ts';
import { VirtualScheduler } from '../../testing/virtual-scheduler.ts';
import { TimeoutError } from '../../errors/errors.ts';
import { CallBook } from './call-book.ts';
import { SETTINGS } from './failure/failure-fixtures.ts';
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

function observe(): StageObservation {
  book.observed();
  const inlet = { arrived: 0, backlogEvents: 0, backlogBytes: 0, fullMs: 0, outsideMs: () => undefined };
  return meter.observe('call', inlet as never, SETTINGS, { waitingRetries: 0, gate: 'open', pause: undefined });
}

/** Makes the book time one call of `stride`. */
function timingOneOf(stride: number): void {
  for (const place of begun(64 * stride)) book.succeeded(place);
  observe();
}

test('the meter knows of every call once it is told, and of a timed one at once', () => {
  timingOneOf(8);
  const { calls } = meter;
  const places = begun(8);
  expect(meter.inFlight).toBe(1);
  book.tell();
  expect([meter.inFlight, meter.calls - calls]).toEqual([8, 8]);
  for (const place of places.slice(1)) book.succeeded(place);
  expect(meter.inFlight).toBe(8);
  book.failed(places[0] as Place, 'failed');
  expect(meter.inFlight).toBe(0);
});

test('a call that is tried by another place is timed to its end', () => {
  const [timed] = begun(1) as [Place];
  const next = new Place({ succeeded: () => undefined, failed: () => undefined });
  next.replace(timed);
  book.failed(next, 'rejected');
  expect(observe().samples.map(({ outcome }) => outcome)).toEqual(['rejected']);
});

test('calls in flight are counted from the turn in which they begin to the one in which they end', async () => {
  timingOneOf(8);
  for (let turn = 0; turn < 10; turn += 1) {
    const places = begun(4);
    await scheduler.advance(5);
    for (const place of places) book.succeeded(place);
    book.tell();
  }
  expect(observe().busyRatio * SETTINGS.concurrency).toBeCloseTo(4);
});

test('of calls that hang as large a share is told as of those that end, however many are timed of both', async () => {
  const hanging: Place[] = [];
  const told = { ok: 0, failed: 0 };
  const periods = 60;
  for (let period = 0; period < periods; period += 1) {
    // Ever more calls, one in ten hangs for ten periods.
    for (let calls = 0; calls < 20 * period; calls += 1) {
      const [place] = begun(1) as [Place];
      if (calls % 10 === 0) hanging.push(place);
      else book.succeeded(place);
    }
    for (const place of hanging.splice(0, hanging.length - 15 * period)) book.failed(place, 'failed');
    await scheduler.advance(100);
    for (const { outcome } of observe().samples) told[outcome === 'ok' ? 'ok' : 'failed'] += 1;
  }
  const share = told.failed / (told.ok + told.failed);
  expect(told.ok).toBeGreaterThan(50 * (periods - 10));
  expect(share).toBeGreaterThan(0.07);
  expect(share).toBeLessThan(0.13);
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
