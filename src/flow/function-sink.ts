import type { Sink, SinkFunction } from '../event/sink.ts';
import { NAME } from './graph.ts';

/** A bare function as a sink; `callback(fn, options)` of the connectors says more. */
export function functionSink<E>(write: SinkFunction<E>): Sink<E> {
  return { name: NAME.test(write.name) ? write.name : 'callback', open: () => ({ write }) };
}
