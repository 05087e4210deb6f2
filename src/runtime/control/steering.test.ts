import { beforeEach, describe, expect, it } from 'vitest';
import { Settings, type StageSettings } from '../../control/settings.ts';
import type { SinkOptions } from '../../flow/graph.ts';
import { coldStart } from './cold-start.ts';
import { controlledStage, type ControlledStage } from './controlled-stage.ts';
import { Steering } from './steering.ts';

let settings: Settings;
let moved: string[];

function sinkNode(options: SinkOptions, limits?: { maxBatch?: number; maxConcurrency?: number }) {
  const open = () => ({ write: () => undefined });
  const sink = limits === undefined ? { name: 'db', open } : { name: 'db', open, limits };
  return { kind: 'sink', name: 'my.sink', sink, options } as const;
}

function steered(options: SinkOptions = {}, limits?: { maxBatch?: number; maxConcurrency?: number }) {
  const planned = sinkNode(options, limits);
  const stage: ControlledStage = controlledStage('f', planned);
  settings.declare(stage.name, coldStart(planned, stage, 2000, false));
  const steering = new Steering([stage], settings, (_, changes, reason) => {
    moved.push(`${changes.map(({ knob, to }) => `${knob} ${to}`).join(', ')}: ${reason}`);
  });
  return { stage, steering };
}

const now = (): StageSettings => settings.get('my.sink');

beforeEach(() => {
  settings = new Settings();
  moved = [];
});

describe('bounds of a stage', () => {
  it('are the natural ones, cut by the limits of the target', () => {
    const { stage } = steered({}, { maxBatch: 500, maxConcurrency: 1 });
    expect(stage.bounds).toMatchObject({
      batchLimit: { min: 1, max: 500 },
      concurrency: { min: 1, max: 1 },
      burstConcurrency: { min: 1, max: 1 },
      lingerMs: { min: 0, max: 60_000 },
    });
    expect(now()).toMatchObject({ batchLimit: 500, concurrency: 1, burstConcurrency: 1 });
  });

  it('are pinned by values that the user declared', () => {
    const { stage } = steered({ batch: 7, concurrency: 3, linger: '2ms', queue: { events: 50, bytes: 1e6 } });
    expect(stage.bounds).toMatchObject({
      batchLimit: { min: 7, max: 7 },
      concurrency: { min: 3, max: 3 },
      burstConcurrency: { min: 3, max: 3 },
      lingerMs: { min: 2, max: 2 },
      edgeEvents: { min: 50, max: 50 },
      edgeBytes: { min: 1e6, max: 1e6 },
    });
    expect(now()).toMatchObject({ batchLimit: 7, concurrency: 3, lingerMs: 2, edgeEvents: 50 });
  });

  it('refuse a declared value above a limit of the target', () => {
    expect(() => steered({ batch: 1000 }, { maxBatch: 500 })).toThrow(
      'flow.f.my.sink.batch: expected at most 500, the limit of sink db, received 1000. Leave it out: it tunes itself.',
    );
  });
});

describe('pin and bound', () => {
  it('take effect at once, with bursts following concurrency', () => {
    const { stage, steering } = steered();
    steering.pin('my.sink.concurrency', 9);
    expect(now()).toMatchObject({ concurrency: 9, burstConcurrency: 9 });
    expect(moved).toEqual(['concurrency 9, burstConcurrency 9: you pinned concurrency']);
    expect(steering.boundsOf(stage)).toMatchObject({
      concurrency: { min: 9, max: 9 },
      burstConcurrency: { min: 9, max: 9 },
    });
    steering.pin('my.sink.concurrency', 2);
    expect(now()).toMatchObject({ concurrency: 2, burstConcurrency: 2 });
    expect(steering.held).toHaveLength(1);
  });

  it('move only what lies outside', () => {
    const { stage, steering } = steered();
    steering.bound('my.sink.batchLimit', { max: 4000 });
    expect(moved).toEqual([]);
    steering.bound('my.sink.batchLimit', { min: 10, max: 100 });
    expect(now().batchLimit).toBe(100);
    expect(steering.boundsOf(stage).batchLimit).toEqual({ min: 10, max: 100 });
    expect(steering.unpin('my.sink.batchLimit')).toBe(true);
    expect(steering.unpin('my.sink.batchLimit')).toBe(false);
    expect(steering.boundsOf(stage)).toEqual(stage.bounds);
  });

  it('keep the most for a burst at least at concurrency', () => {
    const { steering } = steered();
    steering.bound('my.sink.concurrency', { min: 6 });
    expect(now()).toMatchObject({ concurrency: 6, burstConcurrency: 6 });
  });

  it.each<[string, (steering: Steering) => void, string]>([
    [
      'another stage',
      (s) => s.pin('my.sinc.concurrency', 1),
      'run.pin: expected a stage of this flow, received "my.sinc". Did you mean my.sink?',
    ],
    [
      'another knob',
      (s) => s.pin('my.sink.concurency', 1),
      'run.pin: expected a knob of my.sink, received "concurency". Did you mean concurrency?',
    ],
    ['a foreign knob', (s) => s.pin('my.sink.size', 1), 'There are: batchLimit, concurrency,'],
    [
      'no knob',
      (s) => s.pin('sink', 1),
      'run.pin: expected a stage and a knob, such as "sink.concurrency", received "sink". There are: my.sink.',
    ],
    [
      'a fraction',
      (s) => s.pin('my.sink.concurrency', 1.5),
      'run.pin.my.sink.concurrency: expected a whole number, received 1.5',
    ],
    [
      'no number',
      (s) => s.pin('my.sink.lingerMs', '5' as never),
      'run.pin.my.sink.lingerMs: expected a time in ms, at least 0, received "5"',
    ],
    ['nothing', (s) => s.bound('my.sink.concurrency', {}), 'expected { min, max } or one of them'],
    [
      'min above max',
      (s) => s.bound('my.sink.concurrency', { min: 3, max: 2 }),
      'a min that is not above the max, received "3 > 2"',
    ],
    ['zero calls', (s) => s.pin('my.sink.concurrency', 0), 'expected 1 to 512, the range of concurrency, received 0'],
    ['above a limit', (s) => s.pin('my.sink.concurrency', 9), 'expected at most 8, the limit of sink db, received 9.'],
    [
      'a bound above a limit',
      (s) => s.bound('my.sink.concurrency', { min: 9 }),
      'expected at most 8, the limit of sink db',
    ],
    [
      'a declared value',
      (s) => s.pin('my.sink.batchLimit', 8),
      'expected 7, its declaration (batch: 7), received 8. Leave batch out',
    ],
    [
      'a pin outside a bound',
      (s) => {
        s.bound('my.sink.edgeEvents', { max: 99 });
        s.pin('my.sink.edgeEvents', 100);
      },
      "expected at most 99, your bound of my.sink.edgeEvents, received 100. run.unpin('my.sink.edgeEvents')",
    ],
    [
      'a bound without the pin',
      (s) => {
        s.pin('my.sink.minGapMs', 5);
        s.bound('my.sink.minGapMs', { max: 4 });
      },
      'expected 5, your pin of my.sink.minGapMs',
    ],
    [
      'bursts below concurrency',
      (s) => {
        s.pin('my.sink.concurrency', 4);
        s.pin('my.sink.burstConcurrency', 2);
      },
      'expected 4, your pin of my.sink.concurrency',
    ],
  ])('refuse %s', (_, act, message) => {
    const { steering } = steered({ batch: 7 }, { maxConcurrency: 8 });
    expect(() => act(steering)).toThrow(message);
  });

  it('that was refused changes nothing', () => {
    const { steering } = steered({}, { maxConcurrency: 8 });
    expect(() => steering.pin('my.sink.concurrency', 9)).toThrow();
    expect(steering.held).toEqual([]);
    expect(moved).toEqual([]);
  });
});

it('frozen, nothing may move but what the user pins', () => {
  const { stage, steering } = steered();
  steering.freeze();
  expect(Object.values(steering.boundsOf(stage)).every(({ min, max }) => min === max)).toBe(true);
  steering.pin('my.sink.batchLimit', 5);
  expect(steering.boundsOf(stage).batchLimit).toEqual({ min: 5, max: 5 });
  steering.thaw();
  expect(steering.boundsOf(stage).concurrency).toEqual({ min: 1, max: 512 });
});
