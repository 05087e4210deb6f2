/**
 * DaoFlow as its users have it: the built package, metrics on (they always are), generated loops.
 *
 * A flow stays open over all repetitions, as flows do: it is fed through the connector for arrays that
 * are at hand, `fromBatches`, which gives up its turn every 2 ms. Its answer comes when it ends. The
 * arrays of the load are handed over again in each pass, which is safe because the engine never
 * writes to a batch.
 */

import {
  count,
  flow,
  fromBatches,
  sum,
  tumbling,
  type EventSource,
  type KeyColumn,
  type RunnableFlow,
  type SourceBatch,
  type Stream,
} from 'daoflow';
import type { OpenFlow } from '../contestant.ts';
import {
  copied,
  isKept,
  isLarge,
  keyColumns,
  load,
  rounded,
  scaled,
  tallyRow,
  WINDOW_MS,
  type Event,
  type Tally,
} from '../events.ts';
import { Calls, IN_FLIGHT, type AsyncJobName, type JobName } from '../jobs.ts';

export type DaoFlowJob = JobName | 'threeDense' | 'threeFreshDense';

/** As NDJSON. */
const EVENT_BYTES = 66;

export function openDaoFlow(job: DaoFlowJob): OpenFlow {
  if (job === 'each' || job === 'arrays') return openCalls(job);
  const tally: Tally = { events: 0, total: 0 };
  const feed = new Feed<Event>();
  const columns = job === 'threeDense' || job === 'threeFreshDense' ? keyColumns : undefined;
  const given = batchesOf(load, columns);
  // Event time goes on from pass to pass, so that the flow sees one long stream. Nobody else has this to do for each event, so
  // it is a field and one addition: a captured `let` is looked at for each event, whether it has been set yet.
  const passed = { ms: 0 };
  const events = flow(`bench-${job}`).from(feed);
  const run = declare(job, events, (event) => event.ts + passed.ms, tally).run();
  return {
    isWhole: true,
    run: async (batches) => {
      await feed.send(given.slice(0, batches.length));
      passed.ms += WINDOW_MS;
    },
    close: async () => {
      feed.end();
      await run.done;
      return tally;
    },
  };
}

type SyncJob = Exclude<DaoFlowJob, AsyncJobName>;

function declare(job: SyncJob, events: Stream<Event>, timeOf: (event: Event) => number, tally: Tally): RunnableFlow {
  const addCounts = (results: readonly { readonly n: number }[]): void => {
    for (const { n } of results) tally.events += n;
  };
  if (job === 'count') return events.aggregate({ n: count() }).to(addCounts);
  if (job === 'two') return events.map(scaled).filter(isLarge).aggregate({ n: count() }).to(addCounts);
  const mapped = events.eventTime(timeOf).map(job === 'three' || job === 'threeDense' ? rounded : copied);
  return mapped
    .filter(isKept)
    .keyBy('key')
    .window(tumbling(WINDOW_MS))
    .aggregate({ total: sum((event: Event) => event.value) })
    .to((rows) => {
      for (const row of rows) tallyRow(tally, row);
    });
}

function openCalls(job: AsyncJobName): OpenFlow {
  const calls = new Calls();
  const feed = new Feed<Event>();
  const given = batchesOf(load);
  const run = declareCalls(job, flow(`bench-${job}`).from(feed), calls).run();
  let sent = 0;
  let expected = 0;
  return {
    run: async (batches) => {
      for (const { length } of batches) {
        sent += length;
        expected += job === 'each' ? length : 1;
      }
      await feed.send(given.slice(0, batches.length));
      await calls.reached(expected);
      await feed.confirmed(sent);
    },
    close: async () => {
      feed.end();
      await run.done;
      return { events: calls.done, total: calls.most };
    },
  };
}

function declareCalls(job: AsyncJobName, events: Stream<Event>, { call }: Calls): RunnableFlow {
  const concurrency = IN_FLIGHT[job];
  if (job === 'arrays') return events.to((batch) => call(batch as never) as Promise<void>, { concurrency, batch: 256 });
  return events.mapAsync((event) => call(event as never), { concurrency, ordered: false }).to(() => undefined);
}

/** The load as a source has it: arrays whose size on the wire is known. `batches` of a run are always its first ones. */
export function batchesOf<E>(
  arrays: readonly (readonly E[])[],
  columns?: readonly KeyColumn[],
): readonly SourceBatch<E>[] {
  return arrays.map((events, i) => ({
    events: events as E[],
    bytes: events.length * EVENT_BYTES,
    keys: columns?.[i],
  }));
}

interface Order<E> {
  readonly batches: readonly SourceBatch<E>[];
  readonly done: () => void;
}

/** A source that is told what to send. */
export class Feed<E> implements EventSource<E> {
  readonly kind = 'events';
  readonly name = 'feed';
  #orders: (Order<E> | undefined)[] = [];
  #wake: (() => void) | undefined;
  #acknowledged = 0;
  #awaited = 0;
  #reached: (() => void) | undefined;

  /** The engine's own word that the first `events` events are confirmed by the sink. */
  confirmed(events: number): Promise<void> {
    if (this.#acknowledged >= events) return Promise.resolve();
    this.#awaited = events;
    return new Promise((resolve) => (this.#reached = resolve));
  }

  readonly acknowledged = (_partition: string, offset: number): void => {
    this.#acknowledged = offset;
    if (offset === this.#awaited) this.#reached?.();
  };

  /** Resolves when the flow has taken the last batch: for a synchronous flow, has processed it. */
  send(batches: readonly SourceBatch<E>[]): Promise<void> {
    return new Promise((done) => this.#give({ batches, done }));
  }

  end(): void {
    this.#give(undefined);
  }

  readonly run: EventSource<E>['run'] = async (output, context) => {
    for (;;) {
      if (this.#orders.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
      const order = this.#orders.shift();
      if (order === undefined) return;
      await fromBatches(order.batches).run(output, context);
      order.done();
    }
  };

  #give(order: Order<E> | undefined): void {
    this.#orders.push(order);
    this.#wake?.();
  }
}
