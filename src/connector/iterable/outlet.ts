import { knownOptions } from '../../errors/declared.ts';
import { ConnectorError } from '../../errors/errors.ts';
import type { Sink, SinkWriter } from '../../event/sink.ts';
import { nameOption } from '../options.ts';

/** A sink that is read by iterating over it. */
export interface Outlet<E> extends Sink<E>, AsyncIterable<E> {
  /** The same by batches: much cheaper than one promise per event. */
  batches(): AsyncIterable<readonly E[]>;
}

/**
 * Where a flow's results come out as an async iterable. A batch is confirmed when the reader asks for
 * what follows it, so the flow goes no faster than the reader. One run and one reader at a time; a
 * reader that leaves before the end stops the run. `Readable.from(outlet)` and
 * `ReadableStream.from(outlet)` make streams of it.
 *
 * @example
 * import { flow, iterable, outlet } from 'daoflow';
 * const squares = outlet<number>();
 * flow('squares').from(iterable([1, 2, 3])).map((n) => n * n).to(squares).run();
 * for await (const square of squares) console.log(square); // 1 4 9
 */
export function outlet<E>(options: { readonly name?: string } = {}): Outlet<E> {
  knownOptions(options, 'outlet()', ['name']);
  const name = nameOption(options.name, 'outlet().name', 'outlet');
  const handover = new Handover<E>();
  return {
    name,
    limits: { maxConcurrency: 1 },
    // A reader may take its time, and what it has been given cannot be taken back.
    deadline: false,
    open: () => handover.writer(),
    batches: () => ({ [Symbol.asyncIterator]: () => handover.reader() }),
    async *[Symbol.asyncIterator]() {
      for await (const batch of this.batches()) yield* batch;
    },
  };
}

interface Offered<E> {
  readonly events: readonly E[];
  readonly confirm: () => void;
  readonly refuse: (cause: unknown) => void;
}

/** At most one batch waits for the reader, and at most one reader waits for a batch. */
class Handover<E> {
  #offered: Offered<E> | undefined;
  #taken: Offered<E> | undefined;
  #wake: (() => void) | undefined;
  #isClosed = false;
  #hasReaderLeft = false;

  writer(): SinkWriter<E> {
    this.#isClosed = false;
    return {
      write: (events, { signal }) =>
        new Promise((confirm, refuse) => {
          if (this.#hasReaderLeft) throw gone();
          signal.addEventListener('abort', () => refuse(signal.reason as Error), { once: true });
          this.#offered = { events, confirm, refuse };
          this.#wakeReader();
        }),
      close: () => {
        this.#isClosed = true;
        this.#wakeReader();
      },
    };
  }

  reader(): AsyncIterator<readonly E[]> {
    return {
      next: async () => {
        this.#taken?.confirm();
        this.#taken = undefined;
        while (this.#offered === undefined && !this.#isClosed) await this.#nextOffer();
        this.#taken = this.#offered;
        this.#offered = undefined;
        return this.#taken === undefined
          ? { done: true, value: undefined }
          : { done: false, value: this.#taken.events };
      },
      return: () => {
        this.#hasReaderLeft = true;
        (this.#taken ?? this.#offered)?.refuse(gone());
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #nextOffer(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #wakeReader(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

function gone(): ConnectorError {
  return new ConnectorError('outlet', 'its reader left before the flow had ended');
}
