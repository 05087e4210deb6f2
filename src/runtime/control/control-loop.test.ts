import { beforeEach, describe, expect, it } from 'vitest';
import type { Decision } from '../../control/decision.ts';
import type { StageGoal } from '../../control/goal.ts';
import type { StageObservation } from '../../control/observation.ts';
import type { StageSettings } from '../../control/settings.ts';
import { generate } from '../../connector/generate/generate.ts';
import type { Run, RunOptions } from '../../flow/run.ts';
import { virtualFlow, virtualHost, type VirtualFlowOptions, type VirtualHost } from '../../testing/virtual-host.ts';
import type { Controller } from '../../tuning/controller.ts';

let host: VirtualHost;
let seen: { observation: StageObservation; settings: StageSettings; goal: StageGoal }[];

beforeEach(() => {
  host = virtualHost();
  seen = [];
});

/** Wants so many calls in flight, at its second step. */
function wants(concurrency: number, given: Partial<Decision> = {}): Controller<number> {
  return {
    name: 'wants',
    knobs: ['concurrency'],
    initial: () => 0,
    step: (state, observation, settings, goal) => {
      seen.push({ observation, settings, goal });
      const changes = [
        { knob: 'concurrency', from: settings.concurrency, to: concurrency },
        { knob: 'burstConcurrency', from: settings.burstConcurrency, to: concurrency },
      ] as const;
      const { stage, at } = observation;
      const decision = { kind: 'move', stage, at, changes, reason: 'it wants to', evidence: {}, ...given } as const;
      return { state: state + 1, decisions: state >= 1 ? [decision] : [] };
    },
  };
}

function started(
  options: VirtualFlowOptions,
  run: RunOptions = {},
  sink: { batch?: number; concurrency?: number } = {},
): Run {
  const wait = (ms: number) => new Promise<void>((resolve) => void host.scheduler.after(ms, resolve));
  return virtualFlow('f', host, options)
    .from(generate({ rate: 1000, make: (i) => i }))
    .mapAsync((n) => n, { name: 'each' })
    .rateLimit(5000, { name: 'paced' })
    .to(() => wait(10), { name: 'sink', ...sink })
    .run(run);
}

const ofSink = () => seen.filter(({ observation }) => observation.stage === 'sink');

describe('the control loop', () => {
  it('steps the controller of each tuned stage every 100 ms, with what the stage did', async () => {
    const run = started({ controller: wants(4) });
    await host.scheduler.advance(1050);
    expect(seen.filter(({ observation }) => observation.stage === 'each')).toHaveLength(10);
    expect(seen.some(({ observation }) => observation.stage === 'paced')).toBe(false);
    const observations = ofSink().map(({ observation }) => observation);
    expect(observations).toHaveLength(10);
    expect(observations[5]).toMatchObject({ at: 600, durationMs: 100 });
    expect(observations[5]?.done).toBeGreaterThan(80);
    await run.stop();
  });

  it('shares the latency target between the stages, and gives everyone the goal', async () => {
    const run = started({ controller: wants(4), goal: 'economy', targets: { latency: { p95: '90ms' } } });
    await host.scheduler.advance(150);
    const goals = seen.map(({ observation, goal }) => [observation.stage, goal.p95Ms, goal.goal]);
    expect(goals).toEqual([
      ['each', 30, 'economy'],
      ['sink', 30, 'economy'],
    ]);
    await run.stop();
  });

  it('applies what was decided at once, and says so', async () => {
    const run = started({ controller: wants(9) });
    const said: string[] = [];
    run.on('decision', ({ sentence }) => said.push(sentence));
    await host.scheduler.advance(250);
    expect(run.settings.get('sink')).toMatchObject({ concurrency: 9, burstConcurrency: 9 });
    expect(said).toContain('sink: calls 1 -> 9: it wants to');
    expect(run.decisions({ stage: 'sink' })).toMatchObject([{ id: 2, kind: 'move', isAdvice: false }]);
    await run.stop();
  });

  it('never leaves the bounds, whatever a controller says', async () => {
    const run = started({ controller: wants(9999) }, {}, { batch: 10 });
    run.bound('sink.concurrency', { max: 20 });
    await host.scheduler.advance(250);
    expect(run.settings.get('sink').concurrency).toBe(20);
    expect(run.settings.get('each').concurrency).toBe(512);
    expect(ofSink()[0]?.goal.bounds).toMatchObject({
      concurrency: { min: 1, max: 20 },
      batchLimit: { min: 10, max: 10 },
    });
    await run.stop();
  });

  it('leaves a pin alone, logs that it was pinned, and gives it back', async () => {
    const run = started({ controller: wants(9) });
    run.pin('sink.concurrency', 2);
    await host.scheduler.advance(500);
    expect(run.settings.get('sink').concurrency).toBe(2);
    expect(run.decisions({ stage: 'sink' }).map(({ sentence }) => sentence)).toEqual([
      'sink: calls 1 -> 2: you pinned concurrency',
    ]);
    expect(run.pins()).toEqual([{ path: 'sink.concurrency', bound: { min: 2, max: 2 }, by: 'run', cost: undefined }]);
    run.unpin('sink.concurrency');
    await host.scheduler.advance(100);
    expect(run.settings.get('sink').concurrency).toBe(9);
    await run.stop();
  });

  it('moves nothing while frozen, and goes on learning', async () => {
    const run = started({ controller: wants(9) });
    run.freeze();
    await host.scheduler.advance(500);
    expect(run.settings.get('sink').concurrency).toBe(1);
    expect(ofSink()).toHaveLength(5);
    run.thaw();
    await host.scheduler.advance(100);
    expect(run.settings.get('sink').concurrency).toBe(9);
    await run.stop();
  });

  it('as advice moves nothing and says it once', async () => {
    const run = started({ controller: wants(9) }, { tuning: 'advise' });
    await host.scheduler.advance(1000);
    expect(run.settings.get('sink').concurrency).toBe(4);
    expect(run.decisions({ stage: 'sink' })).toMatchObject([
      { isAdvice: true, outcome: undefined, sentence: 'advice: sink: calls 4 -> 9: it wants to' },
    ]);
    await run.stop();
  });

  it('takes a small move for a trim', async () => {
    const run = started({ controller: wants(10) });
    run.pin('sink.concurrency', 9);
    run.unpin('sink.concurrency');
    await host.scheduler.advance(500);
    expect(run.decisions({ stage: 'sink' }).map(({ kind }) => kind)).toEqual(['pin', 'trim']);
    await run.stop();
  });

  it('says nothing of trials as advice', async () => {
    const run = started({ controller: wants(9, { kind: 'trial' }) }, { tuning: 'advise' });
    await host.scheduler.advance(1000);
    expect(run.decisions()).toEqual([]);
    await run.stop();
  });

  it('off runs no controller, and still observes', async () => {
    const run = started({ controller: wants(9) }, { tuning: 'off' });
    await host.scheduler.advance(1000);
    expect(seen).toEqual([]);
    expect(run.settings.get('sink').concurrency).toBe(4);
    expect(run.observations().map(({ stage }) => stage)).toEqual(['each', 'paced', 'sink']);
    await run.stop();
  });

  it('fills in what came of a decision', async () => {
    const run = started({ controller: wants(9, { expected: { throughput: 1000, p95Ms: 1000 } }) });
    const ended: unknown[] = [];
    run.on('outcome', ({ stage, outcome }) => stage === 'sink' && ended.push(outcome?.verdict));
    await host.scheduler.advance(2000);
    expect(ended).toEqual(['better']);
    expect(run.decisions({ stage: 'sink' })[0]?.outcome?.throughput).toBeCloseTo(1000, -2);
    await run.stop();
  });

  it('lets a controller that throws lose its stage, not the run', async () => {
    const notices: string[] = [];
    const broken: Controller<unknown> = {
      ...wants(9),
      initial: () => {
        throw new Error('oh no');
      },
    };
    const run = started({ controller: broken });
    run.on('notice', ({ message }) => notices.push(message));
    await host.scheduler.advance(1000);
    expect(notices).toEqual([
      'each: tuning has failed and stops, its settings stay as they are (oh no)',
      'sink: tuning has failed and stops, its settings stay as they are (oh no)',
    ]);
    expect(run.state).toBe('running');
    await run.stop();
  });

  it('tunes the dead-letter stage, too', async () => {
    const letters = { name: 'letters', open: () => ({ write: () => undefined }) };
    const run = started({ controller: wants(9) }, { deadLetters: letters });
    await host.scheduler.advance(300);
    expect(run.settings.get('dead-letters').concurrency).toBe(9);
    await run.stop();
  });

  it('shows figures over half a second, whatever the control period', async () => {
    const run = started({}, { tuning: 'off' });
    await host.scheduler.advance(2000);
    expect(run.observations().find(({ stage }) => stage === 'sink')).toMatchObject({ durationMs: 500 });
    expect(run.snapshot().stages.find(({ name }) => name === 'sink')).toMatchObject({
      latencyP95Ms: 17,
      batchMean: 2.5, // 4 calls of 10 ms each for 1,000 events a second
    });
    await run.stop();
  });
});
