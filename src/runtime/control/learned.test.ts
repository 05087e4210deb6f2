import { beforeEach, expect, it } from 'vitest';
import { generate } from '../../connector/generate/generate.ts';
import type { LearnedStore, Run } from '../../flow/run.ts';
import { virtualFlow, virtualHost, type VirtualHost } from '../../testing/virtual-host.ts';
import type { Controller } from '../../tuning/controller.ts';

let host: VirtualHost;
let text: string | undefined;
let notices: string[];
const store: LearnedStore = {
  read: () => Promise.resolve(text),
  write: (next) => {
    text = next;
    return Promise.resolve();
  },
};

beforeEach(() => {
  host = virtualHost();
  text = undefined;
  notices = [];
});

/** Goes to a batch of 300 and 7 calls at once. */
const mover: Controller<undefined> = {
  name: 'mover',
  knobs: ['batchLimit', 'concurrency'],
  initial: () => undefined,
  step: (state, { stage, at }, settings) => {
    const changes = [
      { knob: 'batchLimit', from: settings.batchLimit, to: 300 },
      { knob: 'concurrency', from: settings.concurrency, to: 7 },
    ] as const;
    return { state, decisions: [{ kind: 'move', stage, at, changes, reason: 'it moves', evidence: {} }] };
  },
};

async function started(
  given: { p95?: string; rate?: number; batch?: number; maxConcurrency?: number; name?: string; tuning?: 'off' } = {},
  learned: string | LearnedStore = store,
): Promise<Run> {
  const { p95 = '30ms', rate = 1000, batch, maxConcurrency = 100, name = 'f', tuning = 'auto' } = given;
  const wait = (ms: number) => new Promise<void>((resolve) => void host.scheduler.after(ms, resolve));
  const sink = { name: 'db', limits: { maxConcurrency }, open: () => ({ write: () => wait(5) }) };
  const run = virtualFlow(name, host, { controller: mover, targets: { latency: { p95 } } })
    .from(generate({ rate, make: (i) => i }))
    .to(sink, { name: 'sink', ...(batch === undefined ? {} : { batch }) })
    .run({ learned, tuning });
  run.on('notice', ({ message }) => notices.push(message));
  await host.scheduler.advance(20);
  return run;
}

async function ended(run: Run): Promise<void> {
  await host.scheduler.advance(1000);
  const stopped = run.stop();
  await host.scheduler.advance(10);
  await stopped;
}

const operatingPoint = (run: Run) => [run.settings.get('sink').batchLimit, run.settings.get('sink').concurrency];

it('begins cold, and the next time where it ended', async () => {
  const cold = await started();
  expect(operatingPoint(cold)).toEqual([1024, 1]);
  await ended(cold);
  expect(operatingPoint(await started())).toEqual([300, 7]);
  expect(notices).toEqual([]);
});

it('takes a path, too', async () => {
  await ended(await started({}, 'learned.json'));
  expect(operatingPoint(await started({}, 'learned.json'))).toEqual([300, 7]);
  expect(operatingPoint(await started({}, 'another.json'))).toEqual([1024, 1]);
});

it('saves every minute', async () => {
  const run = await started();
  expect(text).toBeUndefined();
  await host.scheduler.advance(61_000);
  expect(JSON.parse(text ?? '')).toMatchObject({ version: 1, flow: 'f', stages: { sink: { batchLimit: 300 } } });
  await ended(run);
});

it('begins cold when the stage is not the same', async () => {
  await ended(await started());
  expect(operatingPoint(await started({ p95: '50ms' }))).toEqual([1024, 1]);
  expect(operatingPoint(await started({ maxConcurrency: 5 }))).toEqual([1024, 1]);
});

it('never goes beyond what is fixed now', async () => {
  await ended(await started());
  text = text?.replace('at most 20000', 'at most 20');
  expect(operatingPoint(await started({ batch: 20 }))).toEqual([20, 7]);
});

it('keeps what is known of a stage that did nothing', async () => {
  await ended(await started());
  const before = text;
  await ended(await started({ rate: 0.001 }));
  expect(text).toBe(before);
});

it.each([
  ['no JSON', 'what', /^what earlier runs learned cannot be used, starting cold: /],
  ['nothing', 'null', /it is not of version 1$/],
  ['a later version', '{"version":2}', /it is not of version 1$/],
  ['another flow', '{"version":1,"flow":"g","stages":{}}', /it is of another flow, g$/],
  [
    'wrong values',
    '{"version":1,"flow":"f","stages":{"sink":{"key":"x","batchLimit":-1,"concurrency":2}}}',
    /values that are none$/,
  ],
])('begins cold and says so for %s', async (_, given, message) => {
  text = given;
  expect(operatingPoint(await started())).toEqual([1024, 1]);
  expect(notices).toEqual([expect.stringMatching(message)]);
});

it('goes on when the store fails, and says so once', async () => {
  const broken: LearnedStore = {
    read: () => Promise.resolve(undefined),
    write: () => Promise.reject(new Error('read-only file system')),
  };
  const run = await started({}, broken);
  await host.scheduler.advance(130_000);
  await ended(run);
  expect(notices).toEqual(['what this run learned cannot be kept: read-only file system']);
});

it('neither reads nor writes where nothing moves', async () => {
  await ended(await started({ tuning: 'off' }));
  expect(text).toBeUndefined();
});
