import { describe, expect, it } from 'vitest';
import { generate } from '../../connector/generate/generate.ts';
import { fromBatches } from '../../connector/iterable/iterable.ts';
import type { StageGoal } from '../../control/goal.ts';
import type { StageObservation } from '../../control/observation.ts';
import type { Sink } from '../../event/sink.ts';
import type { Run, RunOptions } from '../../flow/run.ts';
import { virtualFlow, virtualHost, type VirtualFlowOptions } from '../../testing/virtual-host.ts';
import type { Controller } from '../../tuning/controller.ts';

/** Asks for so many calls in flight and so large a queue, always. */
function greedy(calls = 64, edgeEvents = 500, seen: StageObservation[] = []): Controller<number> {
  return {
    name: 'greedy',
    knobs: ['concurrency', 'burstConcurrency', 'edgeEvents'],
    initial: () => 0,
    step: (state, observation, settings) => {
      seen.push(observation);
      const changes = [
        { knob: 'concurrency', from: settings.concurrency, to: calls },
        { knob: 'burstConcurrency', from: settings.burstConcurrency, to: calls },
        { knob: 'edgeEvents', from: settings.edgeEvents, to: edgeEvents },
      ] as const;
      const { stage, at } = observation;
      return { state, decisions: [{ kind: 'move', stage, at, changes, reason: 'it wants to', evidence: {} }] };
    },
  };
}

/** in -> first (mapBatch) -> second (mapBatch) -> sink; how long their calls take can be changed while it runs. */
function started(options: VirtualFlowOptions = {}, run: RunOptions = {}, rate = 20_000) {
  const use: { cpuRatio?: number; memoryRatio?: number } = {};
  const host = virtualHost({ resources: () => use });
  const ms = { first: 5, second: 5, sink: 5 };
  const inFlight = { first: 0, second: 0, sink: 0 };
  let most = 0;
  const call = async (stage: keyof typeof ms): Promise<void> => {
    inFlight[stage] += 1;
    most = Math.max(most, inFlight.first + inFlight.second + inFlight.sink);
    await new Promise<void>((resolve) => void host.scheduler.after(ms[stage], resolve));
    inFlight[stage] -= 1;
  };
  const network: Sink<number> = { name: 'out', work: 'network', open: () => ({ write: () => call('sink') }) };
  const flow = virtualFlow('f', host, { controller: greedy(), ...options })
    .from(generate({ rate, make: (i) => i }))
    .mapBatch((events: readonly number[]) => call('first').then(() => events), { name: 'first', batch: 10 })
    .mapBatch((events: readonly number[]) => call('second').then(() => events), {
      name: 'second',
      batch: 10,
      work: 'io',
    })
    .to(network, { name: 'sink', batch: 10 });
  return { host, use, ms, inFlight, most: () => most, run: flow.run(run) };
}

const callsOf = (run: Run) => ['first', 'second', 'sink'].map((stage) => run.settings.get(stage).concurrency);
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

/** A target in which the 500 events that are asked for can be in time. */
const RELAXED: VirtualFlowOptions = { targets: { latency: { p95: '300ms' } } };

describe('a flow of one stage', () => {
  /** 10 ms a call of 10 events at a time, and a source that always has more. */
  function single(controller = greedy(1, 500)) {
    const host = virtualHost();
    const call = { ms: 10 };
    const chunks = function* (): Generator<number[]> {
      for (;;) yield [1, 2, 3, 4];
    };
    const wait = () => new Promise<void>((resolve) => void host.scheduler.after(call.ms, resolve));
    const run = virtualFlow('f', host, { controller })
      .from(fromBatches(chunks))
      .to(wait, { name: 'sink', batch: 10 })
      .run();
    return { host, call, run };
  }

  it('has the queue that its controller asks for, until that makes it late for a second', async () => {
    const { host, run } = single();
    await host.scheduler.advance(600);
    expect(run.settings.get('sink').edgeEvents).toBe(500);
    await host.scheduler.advance(2400);
    expect(run.settings.get('sink').edgeEvents).toBeLessThanOrEqual(20); // 1 event a ms, half of 30 ms
    expect(run.snapshot().system.response_time.p95).toBeLessThan(60);
    await run.stop();
  });

  it('tries the longer queue again after 10 s, then after 20 s', async () => {
    const { host, run } = single();
    const longAt: number[] = [];
    for (let second = 1; second <= 40; second += 1) {
      await host.scheduler.advance(1000);
      if (run.settings.get('sink').edgeEvents === 500) longAt.push(second);
    }
    const tries = longAt.filter((second, i) => second > (longAt[i - 1] ?? -1) + 1);
    const [first = 0, second = 0] = tries;
    expect(tries).toHaveLength(2);
    expect(first).toBeGreaterThan(9);
    expect(second - first).toBeGreaterThan(1.5 * first);
    await run.stop();
  });

  it('gets more of a queue that was cut once it takes more away, though its controller asks no more', async () => {
    const always = greedy(1, 500);
    const asking: Controller<number> = {
      ...always,
      step: (state, observation, settings, goal) =>
        state < 20
          ? { ...always.step(state, observation, settings, goal), state: state + 1 }
          : { state, decisions: [] },
    };
    const { host, call, run } = single(asking);
    await host.scheduler.advance(2500);
    expect(run.settings.get('sink').edgeEvents).toBeLessThanOrEqual(20);
    call.ms = 1;
    await host.scheduler.advance(3000);
    expect(run.settings.get('sink').edgeEvents).toBeGreaterThan(100); // 10 events a ms, half of 30 ms
    await run.stop();
  });
});

describe('what stages share', () => {
  it('is told to each: whether others share its target, feed it, and are behind what comes', async () => {
    const goals = new Map<string, StageGoal>();
    const small = greedy(4, 50);
    const noting: Controller<number> = {
      ...small,
      step: (state, observation, settings, goal) => {
        goals.set(observation.stage, goal);
        return small.step(state, observation, settings, goal);
      },
    };
    const { host, ms, run } = started({ controller: noting }, {}, 1000);
    await host.scheduler.advance(1000);
    expect(goals.get('first')).toMatchObject({ isShared: true, isFed: false });
    expect(goals.get('second')).toMatchObject({ isShared: true, isFed: true });
    ms.second = 400; // events go on arriving, and wait outside
    await host.scheduler.advance(2000);
    expect(goals.get('second')).toMatchObject({ isShared: true, isFed: false });
    ms.second = 5;
    await host.scheduler.advance(5000);
    expect(goals.get('second')).toMatchObject({ isShared: true, isFed: true });
    await run.stop();
  });

  it('grants no longer queue than can be in time', async () => {
    const { host, run } = started(); // 10 ms for each stage, 20 events per ms
    await host.scheduler.advance(2000);
    for (const stage of ['first', 'second', 'sink']) {
      const { edgeEvents } = run.settings.get(stage);
      expect(edgeEvents).toBeGreaterThan(150);
      expect(edgeEvents).toBeLessThan(300);
    }
    await run.stop();
    const relaxed = started(RELAXED);
    await relaxed.host.scheduler.advance(2000);
    expect(relaxed.run.settings.get('sink').edgeEvents).toBe(500);
    await relaxed.run.stop();
  });

  it('never has more calls in flight than the limit, whatever their controllers ask for', async () => {
    const { host, run, most, ms } = started({ resources: { limits: { io: 12 } } });
    for (let i = 0; i < 12; i += 1) {
      ms.first = i % 3 === 0 ? 40 : 2;
      ms.sink = i % 2 === 0 ? 25 : 3;
      await host.scheduler.advance(1700);
    }
    expect(most()).toBeLessThanOrEqual(12);
    expect(most()).toBeGreaterThanOrEqual(11);
    expect(sum(callsOf(run))).toBeLessThanOrEqual(12);
    expect(run.snapshot().shared.calls).toBe(12);
    await run.stop();
  });

  it('gives the calls to the stage that holds the flow up', async () => {
    const { host, run, ms } = started({ resources: { limits: { io: 12 } } });
    ms.second = 60;
    await host.scheduler.advance(31_000);
    const [first = 0, second = 0, sink = 0] = callsOf(run);
    expect(second).toBeGreaterThanOrEqual(7); // the others keep one more than they use
    expect(first + sink).toBeLessThanOrEqual(5);
    const said = run
      .decisions({ stage: 'second' })
      .filter(({ changes }) => changes.some(({ knob }) => knob === 'maxCalls'));
    expect(said[0]?.sentence).toMatch(/^second: calls at most \d+ -> \d+: calls go where the flow needs them$/);
    await run.stop();
  });

  it('limits nothing where no limit was declared', async () => {
    const { host, run } = started();
    await host.scheduler.advance(2000);
    expect(callsOf(run)).toEqual([64, 64, 64]);
    expect(run.snapshot().shared.calls).toBeNull();
    await run.stop();
  });

  it('obeys a limit of CPU within a control period or two, also while frozen, and gives back afterwards', async () => {
    const { host, run, use } = started({ resources: { limits: { cpu: 0.6, io: 30 } } });
    await host.scheduler.advance(2000);
    run.freeze();
    use.cpuRatio = 0.9;
    await host.scheduler.advance(200);
    expect(sum(callsOf(run))).toBeLessThanOrEqual(20);
    run.thaw();
    use.cpuRatio = 0.3;
    await host.scheduler.advance(15_000);
    expect(sum(callsOf(run))).toBe(30);
    await run.stop();
  });

  it('adds units by a policy, within the limit', async () => {
    const policies = { scaleUp: { threshold: 0.8, duration: '2s', cooldown: '3s', step: 3 } };
    const { host, run } = started({ resources: { limits: { io: 12 }, policies } });
    await host.scheduler.advance(1000);
    expect(run.snapshot().shared.calls).toBe(3); // one call for each stage, as they start
    await host.scheduler.advance(2000);
    expect(run.snapshot().shared.calls).toBe(6);
    await host.scheduler.advance(20_000);
    expect(run.snapshot().shared.calls).toBe(12);
    await run.stop();
  });

  it('divides the latency target by what calls take, and shows each controller its own times', async () => {
    const seen: StageObservation[] = [];
    const { host, run, ms } = started(
      { controller: greedy(64, 500, seen), targets: { latency: { p95: '120ms' } } },
      {},
      2000,
    );
    Object.assign(ms, { first: 30, second: 10, sink: 10 });
    await host.scheduler.advance(8000);
    const { stages } = run.snapshot().shared;
    expect(stages.map(({ budgetMs }) => Math.round(budgetMs))).toEqual([72, 24, 24]);
    expect(stages.map(({ upstreamMs }) => Math.round(upstreamMs / 10) * 10)).toEqual([0, 30, 40]);
    const ofSink = seen.filter(({ stage }) => stage === 'sink').at(-1);
    expect((ofSink?.latency.sum ?? 0) / (ofSink?.latency.count ?? 1)).toBeLessThan(15);
    await run.stop();
  });

  it('shrinks the queues as memory runs short, admits nothing when it has run out, and recovers', async () => {
    const { host, run, use } = started(RELAXED);
    const notices: string[] = [];
    run.on('notice', ({ message }) => notices.push(message));
    await host.scheduler.advance(1500);
    expect(run.settings.get('sink').edgeEvents).toBe(500);
    use.memoryRatio = 0.8;
    await host.scheduler.advance(1500);
    expect(run.settings.get('sink').edgeEvents).toBeLessThanOrEqual(260);
    use.memoryRatio = 0.93;
    await host.scheduler.advance(1500);
    expect(run.settings.get('sink').edgeEvents).toBe(1);
    expect(run.snapshot().shared.memory).toBe('emergency');
    expect(notices.filter((message) => message.startsWith('Memory is at 93 %'))).toHaveLength(1);
    use.memoryRatio = 0.3;
    await host.scheduler.advance(1500);
    expect(run.settings.get('sink').edgeEvents).toBe(500);
    await run.stop();
  });

  it('moves no budget and no size while frozen or off', async () => {
    for (const tuning of ['off', 'advise'] as const) {
      const { host, run, use } = started({}, { tuning });
      await host.scheduler.advance(500);
      const before = run.settings.get('sink');
      use.memoryRatio = 0.8;
      await host.scheduler.advance(12_000);
      expect(run.settings.get('sink')).toEqual(before);
      expect(run.snapshot().shared.stages.map(({ budgetMs }) => budgetMs)).toEqual([10, 10, 10]);
      await run.stop();
    }
  });

  it('does not scale a stage for load that will not pass', async () => {
    const { host, run, ms } = started({ controller: greedy(20) });
    ms.sink = 200;
    await host.scheduler.advance(16_000);
    const capped = callsOf(run);
    expect(capped[0]).toBeLessThan(6);
    expect(capped[2]).toBe(20);
    ms.sink = 1;
    await host.scheduler.advance(3000);
    expect(callsOf(run)).toEqual([20, 20, 20]);
    await run.stop();
  });

  it('refuses a limit below what the stages need, and a pin beyond what it leaves', () => {
    expect(() => started({ resources: { limits: { io: 2 } } })).toThrow('at least 3, what 3 stages need');
    const { run } = started({ resources: { limits: { io: 8 } } });
    expect(() => run.pin('sink.concurrency', 7)).toThrow('what the limit of 8 calls in flight leaves');
    run.pin('sink.concurrency', 6);
    return run.stop();
  });
});

describe('run.energy', () => {
  it('fixes sizes on the running flow, atomically, and gives them back', async () => {
    const { host, run } = started(RELAXED);
    await host.scheduler.advance(500);
    const applying = run.energy.apply({ bufferSize: 300 });
    await host.scheduler.advance(150);
    const { applied, version, predicted } = await applying;
    expect(applied.bufferSize).toBe(300);
    expect(version).toBe(run.settings.version);
    expect(predicted.cost).toBeNull();
    expect(['first', 'second', 'sink'].map((stage) => run.settings.get(stage).edgeEvents)).toEqual([300, 300, 300]);
    await host.scheduler.advance(2000);
    expect(run.settings.get('sink').edgeEvents).toBe(300);
    expect(() => run.pin('sink.edgeEvents', 100)).toThrow('your energy.bufferSize');
    const back = run.energy.apply({ bufferSize: null });
    await host.scheduler.advance(300);
    await back;
    expect(run.settings.get('sink').edgeEvents).toBe(500);
    await run.stop();
  });

  it('names the declaration that a size contradicts', async () => {
    const { run } = started();
    await expect(run.energy.apply({ batchSize: 100 })).rejects.toThrow('10, to which first.batchLimit is pinned');
    await run.stop();
  });

  it('rejects when the run ends before it is in force', async () => {
    const { run } = started();
    const applying = run.energy.apply({ bufferSize: 300 });
    const refused = expect(applying).rejects.toThrow('the run is over');
    await run.stop();
    await refused;
  });

  it('splits calls by weight under contention, at once', async () => {
    const { host, run, ms } = started({
      resources: { limits: { io: 20 } },
      energy: { Weights: { computation: 0.4, io: 0.3, network: 0.3 } } as never,
    });
    Object.assign(ms, { first: 50, second: 50, sink: 50 });
    await host.scheduler.advance(300);
    expect(callsOf(run)).toEqual([8, 6, 6]);
    const applying = run.energy.apply({ weights: { computation: 0.2, io: 0.2, network: 0.6 } });
    await host.scheduler.advance(400);
    expect((await applying).applied.weights.network).toBeCloseTo(0.6);
    expect(callsOf(run)).toEqual([4, 4, 12]);
    await run.stop();
  });
});
