import { beforeEach, describe, expect, it } from 'vitest';
import { ConnectorError, RefusedEventsError } from '../../errors/errors.ts';
import type { DeadLetter } from '../../event/dead-letter.ts';
import { Origin } from '../../event/origin.ts';
import { VirtualScheduler } from '../../testing/virtual-scheduler.ts';
import type { StageSettings } from '../../control/settings.ts';
import { WaitingStage, type WaitingStageOptions } from './waiting-stage.ts';

const DEFAULTS: StageSettings = {
  batchLimit: 10,
  concurrency: 2,
  burstConcurrency: 2,
  burstAgeMs: 0,
  lingerMs: 0,
  minGapMs: 0,
  edgeEvents: 20,
  edgeBytes: 1e9,
};

let scheduler: VirtualScheduler;
let settings: StageSettings;
let letters: DeadLetter[];
let fatal: unknown[];
let notices: string[];
let drained: number;
let settled: { confirmed: number; rejected: number };
let calls: { at: number; events: readonly unknown[] }[];
let completed: unknown[];

beforeEach(() => {
  scheduler = new VirtualScheduler();
  settings = DEFAULTS;
  letters = [];
  fatal = [];
  notices = [];
  drained = 0;
  settled = { confirmed: 0, rejected: 0 };
  calls = [];
  completed = [];
});

function takes(ms: number): Promise<void> {
  return new Promise((resolve) => void scheduler.after(ms, resolve));
}

function stageOf(work: WaitingStageOptions['call'], options: Partial<WaitingStageOptions> = {}): WaitingStage {
  return new WaitingStage(
    {
      name: 'sink',
      kind: 'sink',
      ordered: false,
      whenSlow: 'block',
      whenFailing: 'deadLetter',
      call: (events, writeOptions) => {
        calls.push({ at: scheduler.now(), events });
        return work(events, writeOptions);
      },
      completed: (result, { parts }) => {
        completed.push(result);
        for (const { origin } of parts) origin.release();
        return undefined;
      },
      drained: () => (drained += 1),
      ...options,
    },
    {
      flow: 'f',
      scheduler,
      random: () => 1,
      signal: new AbortController().signal,
      settings: () => settings,
      deadLetter: (letter) => letters.push(letter),
      notice: (level, message) => notices.push(`${level} ${message}`),
      fatal: (cause) => fatal.push(cause),
    },
    1,
  );
}

let next = 0;
function write(stage: WaitingStage, count: number): { readonly blocked: undefined | Promise<void> } {
  const events = Array.from({ length: count }, () => next++);
  const origin = new Origin('p', next, count, scheduler.now(), (o) => {
    settled[o.isConfirmed ? 'confirmed' : 'rejected'] += o.events;
  });
  return { blocked: stage.write({ events, start: 0, end: count, bytes: count, origin }) };
}

function sizes(): number[] {
  return calls.map(({ events }) => events.length);
}

describe('WaitingStage', () => {
  it('takes everything queued at once when a slot becomes free, up to the batch limit', async () => {
    const stage = stageOf(() => takes(10));
    write(stage, 1);
    write(stage, 1);
    for (let i = 0; i < 14; i += 1) write(stage, 1);
    expect(sizes()).toEqual([1, 1]);
    await scheduler.advance(10);
    expect(sizes()).toEqual([1, 1, 10, 4]);
    await scheduler.advance(10);
    expect(settled.confirmed).toBe(16);
  });

  it('makes no promise for a call that answers at once', () => {
    const stage = stageOf(() => undefined);
    expect(write(stage, 25).blocked).toBeUndefined();
    expect(sizes()).toEqual([10, 10, 5]);
    expect(settled.confirmed).toBe(25);
  });

  it('blocks writers when the edge is full and frees them at half', async () => {
    const stage = stageOf(() => takes(10));
    write(stage, 20);
    const { blocked } = write(stage, 20);
    expect(blocked).toBeInstanceOf(Promise);
    let isFree = false;
    void blocked?.then(() => (isFree = true));
    await scheduler.advance(0);
    expect(isFree).toBe(false);
    await scheduler.advance(10);
    expect(isFree).toBe(true);
  });

  it('drops and counts what does not fit where the policy says so', () => {
    const stage = stageOf(() => takes(10), { whenSlow: 'drop' });
    for (let i = 0; i < 6; i += 1) expect(write(stage, 10).blocked).toBeUndefined();
    expect(stage.account()).toMatchObject({ arrived: 60, dropped: 20, backlogEvents: 20 });
    expect(settled.confirmed).toBe(20); // dropped by policy is a way to be done
  });

  it.each(['block', 'drop'] as const)(
    'is full until there is room again, also where nobody waits for it (%s)',
    async (whenSlow) => {
      const stage = stageOf(() => takes(10), { whenSlow });
      for (let i = 0; i < 6; i += 1) write(stage, 10);
      await scheduler.advance(40);
      write(stage, 10);
      await scheduler.advance(40);
      const { fullRatio, outsideMs } = stage.observe();
      expect(fullRatio).toBeCloseTo((whenSlow === 'drop' ? 10 : 20) / 80);
      expect(outsideMs).toBe(whenSlow === 'drop' ? undefined : 0);
    },
  );

  it('retries a retryable failure with growing waits and keeps the slot, so order holds', async () => {
    settings = { ...DEFAULTS, concurrency: 1, burstConcurrency: 1 };
    let failures = 3;
    const stage = stageOf(() => {
      failures -= 1;
      if (failures >= 0) throw new ConnectorError('db', 'gone', { retryable: true });
      return undefined;
    });
    write(stage, 2);
    write(stage, 3);
    await scheduler.advance(1000);
    expect(calls.map(({ at }) => at)).toEqual([0, 5, 15, 35, 35]);
    expect(sizes()).toEqual([2, 2, 2, 2, 3]);
    expect(stage.account()).toMatchObject({ retried: 6, done: 5 });
    expect(settled).toEqual({ confirmed: 5, rejected: 0 });
  });

  it('says for what it waits, again after ten seconds, and when it goes on', async () => {
    let isAway = true;
    const stage = stageOf(() => {
      if (isAway) throw new ConnectorError('db', 'nothing listens.', { retryable: true });
      return undefined;
    });
    write(stage, 1);
    await scheduler.advance(9_000);
    expect(notices).toEqual(['warn db: nothing listens. Trying again until it works.']);
    await scheduler.advance(9_000);
    expect(notices).toHaveLength(2);
    isAway = false;
    await scheduler.advance(5_000);
    expect(notices.slice(2)).toEqual(['info sink: works again']);
    write(stage, 1);
    expect(notices).toHaveLength(3);
  });

  it('waits as long as the target asks', async () => {
    let isBusy = true;
    const stage = stageOf(() => {
      if (!isBusy) return undefined;
      isBusy = false;
      throw new ConnectorError('http', '429', { retryable: true, backPressure: true, retryAfterMs: 2000 });
    });
    write(stage, 1);
    await scheduler.advance(1999);
    expect(calls).toHaveLength(1);
    await scheduler.advance(1);
    expect(calls).toHaveLength(2);
    expect(stage.observe()).toMatchObject({ rejected: 1, done: 1 });
  });

  it('does not storm a target that is away, and is back at full width within a quarter of a second', async () => {
    settings = { ...DEFAULTS, batchLimit: 1, concurrency: 16, burstConcurrency: 16, edgeEvents: 1000 };
    let isAway = true;
    const stage = stageOf(() => {
      if (isAway) throw new ConnectorError('db', 'away', { retryable: true, backPressure: true });
      return takes(10);
    });
    write(stage, 400);
    await scheduler.advance(3000);
    expect(calls.length).toBeLessThan(3 * 16 + 3 + 12); // until the gate closes, then probes ever further apart
    expect(stage.observe()).toMatchObject({ gate: 'closed', waitingRetries: 16 });
    isAway = false;
    await scheduler.advance(250 + 4 * 10 + 400);
    expect(stage.observe()).toMatchObject({ gate: 'open', waitingRetries: 0 });
    expect(settled).toEqual({ confirmed: 400, rejected: 0 });
  });

  it('stops the run when a connector fails for good', () => {
    const gone = new ConnectorError('file', 'disk is read-only');
    const stage = stageOf(() => {
      throw gone;
    });
    write(stage, 2);
    expect(fatal).toEqual([gone]);
    expect(settled).toEqual({ confirmed: 0, rejected: 2 });
  });

  describe('whose target refuses some events of a call', () => {
    const refuse = (index: number, why: string) => {
      throw new RefusedEventsError('db', new Map([[index, new ConnectorError('db', why)]]));
    };

    it('dead-letters these, each with its reason, and confirms the others', () => {
      const stage = stageOf((events) => (events.length === 3 ? refuse(1, 'no such shop') : undefined));
      const first = next;
      write(stage, 3);
      write(stage, 1);
      expect(letters.map(({ event, reason }) => [event, reason])).toEqual([
        [first + 1, 'ConnectorError: db: no such shop'],
      ]);
      expect(settled).toEqual({ confirmed: 4, rejected: 0 });
      expect(stage.observe()).toMatchObject({ done: 3, failed: 1, samples: [{ outcome: 'ok' }, { outcome: 'ok' }] });
      expect(fatal).toEqual([]);
    });

    it('drops these, or stops the run, where it was told to', () => {
      write(
        stageOf(() => refuse(0, 'bad'), { whenFailing: 'drop' }),
        2,
      );
      expect([letters, settled, fatal]).toEqual([[], { confirmed: 2, rejected: 0 }, []]);
      write(
        stageOf(() => refuse(0, 'bad'), { whenFailing: 'stop' }),
        2,
      );
      expect(settled).toEqual({ confirmed: 2, rejected: 2 });
      expect(fatal).toEqual([expect.any(RefusedEventsError)]);
    });
  });

  it('rejects what is queued and in flight when it is stopped, and ignores late results', async () => {
    const stage = stageOf(() => takes(10));
    write(stage, 30);
    stage.stop('stopped');
    expect(settled).toEqual({ confirmed: 0, rejected: 30 });
    await scheduler.advance(20);
    expect(settled.confirmed).toBe(0);
    expect(completed).toEqual([]);
  });

  it('is drained once, after its input has closed and the last call has ended', async () => {
    const stage = stageOf(() => takes(10));
    write(stage, 5);
    stage.close();
    expect(drained).toBe(0);
    await scheduler.advance(10);
    expect(drained).toBe(1);
  });

  it('hands results on in the order of their events where asked to', async () => {
    settings = { ...DEFAULTS, concurrency: 3, burstConcurrency: 3, batchLimit: 1 };
    const delays = [30, 10, 20];
    const stage = stageOf((events) => takes(delays.shift() ?? 0).then(() => events), { ordered: true });
    const first = next;
    write(stage, 3);
    await scheduler.advance(20);
    expect(completed).toEqual([]);
    await scheduler.advance(10);
    expect(completed).toEqual([[first], [first + 1], [first + 2]]);
  });

  it('bursts above its concurrency only while the oldest event waits too long', async () => {
    settings = { ...DEFAULTS, concurrency: 1, burstConcurrency: 3, burstAgeMs: 20, batchLimit: 1 };
    const stage = stageOf(() => takes(100));
    write(stage, 5);
    expect(calls).toHaveLength(1);
    await scheduler.advance(25);
    write(stage, 1);
    expect(calls).toHaveLength(3);
  });

  it('lingers for company, and no longer than allowed', async () => {
    settings = { ...DEFAULTS, lingerMs: 5 };
    const stage = stageOf(() => undefined);
    write(stage, 1);
    await scheduler.advance(4);
    write(stage, 1);
    expect(calls).toHaveLength(0);
    await scheduler.advance(1);
    expect(sizes()).toEqual([2]);
    write(stage, 10);
    expect(sizes()).toEqual([2, 10]);
  });

  it('keeps the least gap between the starts of calls', async () => {
    settings = { ...DEFAULTS, minGapMs: 10, batchLimit: 1 };
    const stage = stageOf(() => undefined);
    write(stage, 3);
    await scheduler.advance(100);
    expect(calls.map(({ at }) => at)).toEqual([0, 10, 20]);
  });

  it('reports what a controller needs', async () => {
    const stage = stageOf(() => takes(10));
    write(stage, 15);
    await scheduler.advance(10);
    const observation = stage.observe();
    expect(observation).toMatchObject({
      arrived: 15,
      done: 15,
      backlogEvents: 0,
      inFlight: 0,
      durationMs: 10,
      busyRatio: 1,
    });
    expect(observation.samples).toEqual([
      { batch: 10, inFlightAtStart: 1, inFlightMean: 2, durationMs: 10, outcome: 'ok', endedAt: 10 },
      { batch: 5, inFlightAtStart: 2, inFlightMean: 2, durationMs: 10, outcome: 'ok', endedAt: 10 },
    ]);
    expect(observation.latency.count).toBe(15);
    expect(observation.cuts).toEqual({ limit: 1, drained: 1 });
    expect(stage.observe()).toMatchObject({ arrived: 0, done: 0, samples: [] });
  });
});
