/** A context and outputs that stand for the engine, so that a source can be tested alone. */

import { batchOf, type GivenBatch, type SourceBatch } from '../../src/event/batch.ts';
import type {
  ByteOutput,
  EventSource,
  ByteSource,
  Format,
  SourceContext,
  SourceOutput,
  TakenRun,
} from '../../src/event/source.ts';
import { systemScheduler } from '../../src/host/scheduler.ts';
import type { Scheduler } from '../../src/time/clock.ts';

export interface Notice {
  readonly level: 'info' | 'warn';
  readonly message: string;
}

export interface FakeContext extends SourceContext {
  readonly notices: Notice[];
  abort(): void;
}

export function fakeContext(scheduler: Scheduler = systemScheduler({ keepAlive: true })): FakeContext {
  const controller = new AbortController();
  const notices: Notice[] = [];
  return {
    flow: 'test',
    scheduler,
    random: () => 0.5,
    signal: controller.signal,
    resume: new Map(),
    notices,
    notice: (level, message) => void notices.push({ level, message }),
    abort: () => controller.abort(),
  };
}

/** Takes all that is written; while `hold()` is on, each write asks to wait until `release()`. */
export class FakeOutput implements SourceOutput<unknown>, ByteOutput {
  readonly batches: SourceBatch[] = [];
  readonly events: unknown[] = [];
  /** Raw text per partition, channels of one partition one after the other. */
  readonly text: Map<string, string> = new Map();
  readonly truncated: string[] = [];
  readonly endedPartitions: string[] = [];
  readonly acceptedAt: (number | undefined)[] = [];
  writes = 0;
  openChannels = 0;
  writesWhileHeld = 0;
  invalid = 0;
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;
  #isHolding = false;

  get isFull(): boolean {
    return this.#room !== undefined;
  }

  hold(): void {
    this.#isHolding = true;
  }

  release(): void {
    this.#isHolding = false;
    this.#room?.resolve();
    this.#room = undefined;
  }

  write(batch: SourceBatch): undefined | Promise<void> {
    this.batches.push(batch);
    this.acceptedAt.push(batch.acceptedAt);
    for (const event of batch.events) this.events.push(event);
    return this.#wrote();
  }

  writeRun(batches: readonly GivenBatch[], from: number, to: number): TakenRun {
    let end = from;
    let blocked: undefined | Promise<void>;
    while (end < to && blocked === undefined) {
      const batch = batchOf(batches[end++] as GivenBatch);
      if (batch.events.length > 0) blocked = this.write(batch);
    }
    return { end, blocked };
  }

  channel(partition: string, format: Format = 'ndjson'): ReturnType<ByteOutput['channel']> {
    const chunks: Buffer[] = [];
    let taken = 0;
    let invalid = 0;
    this.openChannels += 1;
    const decode = (lines: readonly string[]): void => {
      for (const line of lines) {
        if (line.trim() === '') continue;
        try {
          this.events.push(format === 'csv' ? line : JSON.parse(line));
          taken += 1;
        } catch {
          invalid += 1;
        }
      }
    };
    let rest = Buffer.alloc(0);
    return {
      write: (chunk, acceptedAt) => {
        this.acceptedAt.push(acceptedAt);
        chunks.push(Buffer.from(chunk));
        if (format !== 'json') {
          const all = Buffer.concat([rest, chunk]);
          const end = all.lastIndexOf(10) + 1;
          decode(all.toString('utf8', 0, end).split('\n'));
          rest = all.subarray(end);
        }
        return this.#wrote();
      },
      end: (options) => {
        this.openChannels -= 1;
        const text = Buffer.concat(chunks).toString();
        this.text.set(partition, (this.text.get(partition) ?? '') + text);
        if (options?.truncated !== undefined) {
          this.truncated.push(options.truncated);
          invalid += 1;
        } else if (format === 'json') {
          try {
            const value: unknown = JSON.parse(text);
            const events: readonly unknown[] = Array.isArray(value) ? value : [value];
            this.events.push(...events);
            taken += events.length;
          } catch {
            invalid += 1;
          }
        } else {
          decode([rest.toString()]);
        }
        this.invalid += invalid;
        return { accepted: taken, invalid };
      },
    };
  }

  endPartition(partition: string): void {
    this.endedPartitions.push(partition);
  }

  #wrote(): undefined | Promise<void> {
    this.writes += 1;
    if (this.#room !== undefined) this.writesWhileHeld += 1;
    if (!this.#isHolding) return undefined;
    if (this.#room === undefined) {
      let resolve!: () => void;
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.#room = { promise, resolve };
    }
    return this.#room.promise;
  }
}

export function runSource(
  source: EventSource<unknown> | ByteSource,
  output: FakeOutput,
  context: SourceContext,
): Promise<void> {
  return source.kind === 'events' ? source.run(output, context) : source.run(output, context);
}

/** Waits for something real (a socket, a file) to happen. Fails after the deadline. */
export async function until(isSo: () => boolean, what: string, deadlineMs = 5000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
