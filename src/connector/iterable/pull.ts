import { batchBytes } from '../../event/event-size.ts';
import type { SourceContext, SourceOutput } from '../../event/source.ts';
import { Turn } from '../turn.ts';
import { onAbort } from '../waiting.ts';
import type { BatchSize } from './batch-size.ts';

/**
 * Pulls an async iterator one item at a time and hands over what came within one turn of the event
 * loop: the first item of a batch books the end of the turn, so a slow iterator delays nobody and a
 * fast one fills its batches. Ends with the iterator, or when aborted; an item that is still
 * promised then is not waited for.
 *
 * @param size - left out: one at a time
 */
export async function pullAsync<E>(
  iterator: AsyncIterator<E>,
  output: Pick<SourceOutput<E>, 'write'>,
  context: SourceContext,
  size?: BatchSize,
): Promise<void> {
  const gather = new Gather(output, context, size);
  const { scheduler, signal } = context;
  let stop = (): void => undefined;
  const forget = onAbort(signal, () => stop());
  // Not Promise.race with one long-lived promise, which would keep a reaction per item for ever.
  const next = (): Promise<IteratorResult<E, unknown> | undefined> =>
    new Promise((resolve, reject) => {
      stop = () => resolve(undefined);
      iterator.next().then(resolve, reject);
    });
  const turn = new Turn(scheduler);
  try {
    while (!signal.aborted) {
      const result = await next();
      if (result === undefined || result.done === true) break;
      const blocked = gather.add(result.value);
      if (blocked !== undefined) await blocked;
      if (turn.isOver()) {
        await scheduler.yield();
        turn.begin();
      }
    }
  } finally {
    forget();
    if (signal.aborted) void endQuietly(iterator);
    await gather.end();
  }
}

/** A generator that is suspended in an await never answers: nobody waits for it. */
async function endQuietly<E>(iterator: AsyncIterator<E>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The run was aborted: what the iterator says about its own end changes nothing.
  }
}

class Gather<E> {
  readonly #output: Pick<SourceOutput<E>, 'write'>;
  readonly #context: SourceContext;
  readonly #size: BatchSize | undefined;
  #events: E[] = [];
  #blocked: Promise<void> | undefined;

  constructor(output: Pick<SourceOutput<E>, 'write'>, context: SourceContext, size: BatchSize | undefined) {
    this.#output = output;
    this.#context = context;
    this.#size = size;
  }

  /** @returns what to wait for before the next item */
  add(event: E): undefined | Promise<void> {
    const count = this.#events.push(event);
    if (count >= (this.#size?.events ?? 1)) this.#flush();
    else if (count === 1) this.#context.scheduler.soon(() => this.#flush());
    return this.#blocked;
  }

  /** Hands over what is left, and waits until the flow has room again. */
  async end(): Promise<void> {
    await this.#blocked;
    this.#flush();
    await this.#blocked;
  }

  /** While the output asks to wait, the batch stays; it is tried again when there is room. */
  #flush(): void {
    const events = this.#events;
    if (events.length === 0 || this.#blocked !== undefined) return;
    this.#events = [];
    const blocked = this.#output.write({ events, bytes: batchBytes(events) });
    if (blocked === undefined) {
      this.#size?.hasRoom();
      return;
    }
    this.#blocked = this.#size?.room(blocked, this.#context.scheduler) ?? blocked;
    void this.#blocked.then(() => {
      this.#blocked = undefined;
      this.#flush();
    });
  }
}
