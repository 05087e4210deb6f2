import { describe, expect, it } from 'vitest';
import { TOTALS } from '../runtime/supervision.ts';
import { notesIn, sharedNotes, superviseNext, SupervisedThread, takeSupervision } from './supervised-thread.ts';

const alone = { source: 's', partition: 'dir/ä.ndjson', base: 12, from: 3, count: 4, isCertain: true };

describe('notes of a thread', () => {
  it('tell what came after the newest checkpoint, per source', () => {
    const shared = sharedNotes();
    const thread = new SupervisedThread(shared, undefined);
    thread.totals(1)[TOTALS.accepted] = 5_000_000_000;
    thread.totals(1)[TOTALS.safe] = 4_999_999_000;
    expect(notesIn(shared).given.slice(0, 3)).toEqual([0, 1000, 0]);
  });

  it('tell what is on its way alone, or that nothing is', () => {
    const shared = sharedNotes();
    const thread = new SupervisedThread(shared, undefined);
    thread.alone(alone);
    expect(notesIn(shared).alone).toEqual(alone);
    thread.alone({ ...alone, partition: 'x'.repeat(10_000) });
    expect(notesIn(shared).alone).toBeUndefined();
    thread.alone({ ...alone, from: 9 });
    thread.alone(undefined);
    expect(notesIn(shared).alone).toBeUndefined();
  });

  it('have room for many sources, and leave those beyond it out', () => {
    const shared = sharedNotes();
    const far = new SupervisedThread(shared, undefined).totals(1000);
    far[TOTALS.accepted] = 1;
    expect(far).toHaveLength(3);
    expect(notesIn(shared).given.every((events) => events === 0)).toBe(true);
  });

  it('are those of one flow in its thread', () => {
    const thread = new SupervisedThread(sharedNotes(), undefined);
    superviseNext(thread);
    expect([takeSupervision(), takeSupervision()]).toEqual([thread, undefined]);
  });
});
