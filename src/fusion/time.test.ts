import { describe, expect, test } from 'vitest';
import type { OperatorSpec } from '../operator/operator.ts';
import { byTime, chain, compile, echo, feed, running, tumbling, type Item } from './fakes.ts';

const leaf = { leaf: 0 };
const late = { leaf: 1 };

function at(...times: number[]): Item[] {
  return times.map((t) => ({ n: 1, t }));
}

describe.each([
  ['generated', true],
  ['composed', false],
])('time, %s', (_, generateCode) => {
  const windowed = (outOfOrderMs = 0, idleMs = 1000) =>
    compile(
      [
        {
          operator: byTime('time', outOfOrderMs, idleMs),
          ports: [[{ operator: tumbling('window', 10), ports: [[leaf], [late]] }]],
        },
      ],
      { generateCode },
    );

  test('an event is judged by the watermark before it', () => {
    const segment = windowed(2);
    feed(segment, at(1, 11, 9, 12, 9));
    expect(segment.take(0)).toEqual([{ n: 2, t: 9, key: undefined }]);
    expect(segment.take(1)).toEqual(at(9));
    expect(segment.counters()[1]?.counts).toEqual({ late: 1 });
  });

  test('the watermark advances by events that were filtered out or failed below', () => {
    const dropAll: OperatorSpec = { kind: 'filter', name: 'first', fn: (e: Item) => e.t < 10 };
    const fail: OperatorSpec = {
      kind: 'tap',
      name: 'fail',
      fn: (e: Item) => {
        if (e.t >= 10) throw new Error('late enough');
      },
    };
    for (const operator of [dropAll, fail]) {
      const segment = compile(chain([byTime('time'), operator, tumbling('window', 10)], leaf), { generateCode });
      feed(segment, at(1, 10));
      expect(segment.take(0)).toHaveLength(1);
    }
  });

  test.each([Number.NaN, Infinity, '5', undefined, 5n])('%s is not an event time', (time) => {
    const spec: OperatorSpec = { kind: 'eventTime', name: 'time', fn: () => time as never, outOfOrderMs: 0, idleMs: 1 };
    const segment = compile(chain([spec], leaf), { generateCode });
    feed(segment, [1]);
    expect(segment.take(0)).toBeUndefined();
    const [failure] = segment.takeFailures() ?? [];
    expect(failure).toMatchObject({ operator: 'time', event: 1 });
    expect(failure?.cause).toBeInstanceOf(TypeError);
  });

  test('the partition furthest behind holds the watermark back until it ends', () => {
    const segment = windowed();
    feed(segment, at(5), 'a');
    feed(segment, at(4), 'b');
    feed(segment, at(50), 'a');
    expect(segment.take(0)).toBeUndefined();
    segment.endPartition('b', 0);
    expect(segment.take(0)).toEqual([{ n: 2, t: 9, key: undefined }]);
  });

  test('three partitions: the watermark is the least of their maxima', () => {
    const segment = windowed();
    feed(segment, at(1), 'a');
    feed(segment, at(1), 'b');
    feed(segment, at(1), 'c');
    feed(segment, at(30), 'a');
    feed(segment, at(20), 'b');
    expect(segment.take(0)).toBeUndefined();
    feed(segment, at(10), 'c');
    expect(segment.take(0)).toEqual([{ n: 3, t: 9, key: undefined }]);
    feed(segment, at(40), 'c');
    expect(segment.take(0)).toEqual([{ n: 1, t: 19, key: undefined }]);
    feed(segment, at(31), 'b');
    expect(segment.take(0)).toEqual([{ n: 1, t: 29, key: undefined }]);
  });

  test('a silent partition no longer holds the watermark back, and a tick is asked for then', () => {
    const segment = windowed(0, 1000);
    feed(segment, at(5), 'a', 100);
    feed(segment, at(4), 'b', 200);
    expect(segment.nextTickMs).toBe(Infinity);
    feed(segment, at(50), 'a', 900);
    expect(segment.nextTickMs).toBeLessThanOrEqual(1200);
    segment.tick(segment.nextTickMs);
    segment.tick(1199);
    expect(segment.take(0)).toBeUndefined();
    expect(segment.nextTickMs).toBe(1200);
    segment.tick(1200);
    expect(segment.take(0)).toEqual([{ n: 2, t: 9, key: undefined }]);
  });

  test('a partition that comes back is judged by the watermark that has passed meanwhile', () => {
    const segment = windowed(0, 1000);
    feed(segment, at(5), 'a', 0);
    feed(segment, at(4), 'b', 0);
    feed(segment, at(50), 'a', 900);
    feed(segment, at(51), 'a', 1500);
    expect(segment.take(0)).toHaveLength(1);
    feed(segment, at(6), 'b', 1600);
    expect(segment.take(1)).toEqual(at(6));
  });

  test('at the end of input every window closes', () => {
    const segment = windowed(5);
    feed(segment, at(1, 12));
    segment.end();
    expect(segment.take(0)).toEqual([
      { n: 1, t: 9, key: undefined },
      { n: 1, t: 19, key: undefined },
    ]);
    expect(segment.nextTickMs).toBe(Infinity);
  });

  test('a window after a window sees the outputs of the first before time passes there', () => {
    const segment = compile(
      [
        {
          operator: byTime('time'),
          ports: [
            [
              {
                operator: tumbling('ten', 10),
                ports: [[{ operator: tumbling('thirty', 30), ports: [[leaf], [late]] }], [{ leaf: 2 }]],
              },
            ],
          ],
        },
      ],
      { generateCode },
    );
    feed(segment, at(1, 11, 21, 22));
    expect(segment.take(0)).toBeUndefined();
    feed(segment, at(30));
    expect(segment.take(0)).toEqual([{ n: 4, t: 29, key: undefined }]);
    feed(segment, at(95, 3));
    expect(segment.take(0)).toEqual([{ n: 1, t: 59, key: undefined }]);
    expect(segment.take(1)).toBeUndefined();
    expect(segment.take(2)).toEqual(at(3));
    segment.end();
    expect(segment.take(0)).toEqual([{ n: 1, t: 119, key: undefined }]);
  });

  test('what a collector gives at once is judged by the watermark of that moment, not of the end of the batch', () => {
    const trees = () => [
      {
        operator: byTime('time'),
        ports: [
          [
            {
              operator: echo('echo', () => false, true),
              ports: [[{ operator: tumbling('window', 10), ports: [[leaf], [late]] }]],
            },
          ],
        ],
      },
    ];
    const events = [20, 7, 8, 9].map((t) => ({ n: 6, t }));
    const whole = compile(trees(), { generateCode });
    feed(whole, events);
    const cut = compile(trees(), { generateCode });
    for (const event of events) feed(cut, [event]);
    for (const segment of [whole, cut]) expect(segment.take(1)?.map((event) => (event as Item).t)).toEqual([7, 8, 9]);
  });

  test('without event time, windows live by the wall clock', () => {
    const segment = compile(chain([tumbling('window', 10)], leaf), { generateCode });
    expect(segment.nextTickMs).toBe(Infinity);
    feed(segment, at(500, 600), 'p', 103);
    expect(segment.nextTickMs).toBe(110);
    segment.tick(109);
    expect(segment.take(0)).toBeUndefined();
    segment.tick(110);
    expect(segment.take(0)).toEqual([{ n: 2, t: 109, key: undefined }]);
    feed(segment, at(1), 'p', 111);
    feed(segment, at(1), 'p', 125);
    expect(segment.take(0)).toEqual([{ n: 1, t: 119, key: undefined }]);
  });

  test('a wall clock that is set back makes nothing late', () => {
    const segment = compile(chain([tumbling('window', 10), running('sum')], leaf), { generateCode });
    feed(segment, at(1), 'p', 100);
    feed(segment, at(1), 'p', 50);
    expect(segment.counters()[0]).toMatchObject({ in: 2, counts: { late: 0 } });
  });

  test('late events can be given a time of their own again', () => {
    const again = chain([byTime('again'), tumbling('late window', 100)], late);
    const segment = compile(
      [{ operator: byTime('time'), ports: [[{ operator: tumbling('window', 10), ports: [[leaf], again] }]] }],
      { generateCode },
    );
    feed(segment, at(20, 1, 2, 200, 101));
    expect(segment.take(1)).toEqual([{ n: 2, t: 99, key: undefined }]);
    segment.end();
    expect(segment.take(1)).toEqual([{ n: 1, t: 199, key: undefined }]);
  });
});
