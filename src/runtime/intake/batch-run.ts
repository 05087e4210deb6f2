/**
 * Batches of one partition that are at hand, taken in together up to the first that something comes out of. What holds for
 * all of them is noted once: that is most of what a batch costs of which nothing is left (bench:engine, ii).
 *
 * Invariant (write-run.test.ts): it gives what taking them in one by one gives.
 */

import { batchIn, batchOf, bytesOf, type GivenBatch, type SourceBatch } from '../../event/batch.ts';
import type { TakenRun } from '../../event/source.ts';
import type { Burst } from './burst.ts';
import type { Passage } from './passage.ts';
import type { Positions } from './positions.ts';

export class BatchRun {
  readonly #source: string;
  readonly #passage: Passage;
  readonly #positions: Positions;
  // Found through the objects that it is part of, it would cost each run a cache line.
  readonly #burst: Burst;

  /** @param source - name of the partition of batches that name none */
  constructor(source: string, passage: Passage, positions: Positions, burst: Burst) {
    this.#source = source;
    this.#passage = passage;
    this.#positions = positions;
    this.#burst = burst;
  }

  /** As `writeRun` of a source's output, which nothing stands in front of. */
  write(batches: readonly GivenBatch[], from: number, to: number): TakenRun {
    const first = batchOf(batches[from] as GivenBatch);
    if (!this.#passage.isClear || !goesAlong(first, first.partition)) return { end: from, blocked: undefined };
    const end = this.#pass(first, batches, from, to);
    return { end, blocked: this.#passage.heldBack.until };
  }

  /**
   * @param first - `batches[from]`
   * @returns index after the last one
   */
  #pass(first: SourceBatch, batches: readonly GivenBatch[], from: number, to: number): number {
    const { partition, end } = this.#positions.of(first.partition ?? this.#source);
    const passage = this.#passage;
    const { target } = passage; // not through it for each batch: 15 ns of 100 (bench:engine, ii)
    const burst = this.#burst;
    const most = Math.min(to, from + burst.open());
    passage.tell(burst.wallMs);
    target.enter(partition);
    let batch: SourceBatch | undefined = first;
    let index = from;
    let offset = end[0] as number;
    let [before, count, bytes, all, allBytes] = [offset, 0, 0, 0, 0];
    let hasOutput: boolean;
    do {
      before = offset;
      count = batch.events.length;
      bytes = bytesOf(batch);
      passage.count(count, bytes);
      hasOutput = target.pass(batch.events, batch.keys);
      offset = batch.endOffset ?? offset + count;
      all += count;
      allBytes += bytes;
      index += 1;
      if (hasOutput || index === most) break;
      batch = batchIn(batches[index]);
    } while (batch !== undefined && goesAlong(batch, first.partition));
    target.leave();
    passage.hasOutput = hasOutput;
    end[0] = offset;
    this.#positions.passed(partition, offset);
    burst.enter(all, allBytes);
    burst.leave(hasOutput ? all - count : all, index - from);
    if (!hasOutput) passage.acknowledgement?.passed(partition, offset);
    else {
      if (all > count) passage.acknowledgement?.passed(partition, before);
      void passage.sendOn(passage.opened(partition, offset, count, burst.beganAt), hasOutput, bytes, count);
    }
    return index;
  }
}

/** Whether it may go along with others of its partition that come in now. */
function goesAlong({ events, acceptedAt, partition }: SourceBatch, ofPartition: string | undefined): boolean {
  return events.length > 0 && acceptedAt === undefined && partition === ofPartition;
}
