/** What a test may say about memory: what is held. What is resident depends on the collector, and on other tests. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** The bytes that live objects and buffers of this isolate hold, after a full collection. Cost: some 10 ms for a heap of 50 MB. */
export function bytesHeld(): number {
  // Twice: what a finalizer lets go of is freed by the next collection.
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
