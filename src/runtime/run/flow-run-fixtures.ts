/** Sources and sinks for tests of whole runs. */

import type { Sink } from '../../event/sink.ts';
import type { ByteSource, EventSource } from '../../event/source.ts';

/** Hands over the batches as fast as the flow takes them. */
export function batches<E>(...all: E[][]): EventSource<E> {
  return {
    kind: 'events',
    name: 'batches',
    run: async (output, { signal }) => {
      for (const events of all) {
        if (signal.aborted) return;
        await output.write({ events: [...events], bytes: 0 });
      }
    },
  };
}

/** Never ends by itself. */
export function endless(onAck: (offset: number) => void = () => undefined): EventSource<number> {
  return {
    kind: 'events',
    name: 'endless',
    run: async (output, { signal, scheduler }) => {
      for (let i = 0; !signal.aborted; i += 1) {
        await output.write({ events: [i], bytes: 1 });
        await new Promise<void>((resolve) => void scheduler.after(10, resolve));
      }
    },
    acknowledged: (_partition, offset) => onAck(offset),
  };
}

export function text(...chunks: string[]): ByteSource {
  return {
    kind: 'bytes',
    name: 'text',
    format: 'ndjson',
    run: async (output) => {
      const channel = output.channel('text');
      for (const chunk of chunks) await channel.write(new TextEncoder().encode(chunk));
      channel.end();
    },
  };
}

export function collected<E>(): { sink: Sink<E>; events: E[]; closed: () => boolean } {
  const events: E[] = [];
  let isClosed = false;
  const writer = { write: (more: readonly E[]) => void events.push(...more), close: () => void (isClosed = true) };
  return { sink: { name: 'collect', open: () => writer }, events, closed: () => isClosed };
}
