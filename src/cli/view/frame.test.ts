import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { GUIDE_TARGETS } from '../../metrics/targets.ts';
import { snapshotOf, stageOf } from '../snapshot-fixtures.ts';
import { clock, renderFrame, type FrameExtras } from './frame.ts';
import { History } from './history.ts';
import { widthOf } from './text.ts';

const plain: FrameExtras = { colors: pc.createColors(false), targets: GUIDE_TARGETS };
const size = { columns: 96, rows: 40 };

function historyOf(values: readonly number[]): History {
  const history = new History();
  values.forEach((eps, i) => history.add(snapshotOf({ uptimeMs: i * 500, eps, p95: eps / 20_000 })));
  return history;
}

describe('the live view', () => {
  it('shows targets, stages, the bottleneck, totals and the log in columns', () => {
    const history = historyOf([0, 30_000, 60_000, 90_000, 124_000]);
    history.note({ atMs: 4000, level: 'good', message: 'all targets met' });
    const stages = [stageOf('enrich', { kind: 'async', backlogEvents: 12_345, failed: 2 }), stageOf('alerts')];
    const snapshot = snapshotOf({ avg: 61, p95: 44, cpu: null, stages });
    expect(`\n${renderFrame(snapshot, history, size, plain).join('\n')}\n`).toMatchSnapshot();
  });

  it('marks every verdict with a sign and a word, so that it reads without colour', () => {
    const text = renderFrame(snapshotOf({ avg: 12, p95: 200, cpu: null }), new History(), size, plain).join('\n');
    expect(text).toMatch(/! latency average .* missed/);
    expect(text).toMatch(/✗ latency p95 .* critical/);
    expect(text).toMatch(/✓ throughput .* met/);
    expect(text).toMatch(/· cpu .* not measured/);
  });

  it('says at its stage what fails', () => {
    const stages = [stageOf('alerts', { breaker: 'open', failed: 2, timedOut: 3 })];
    const text = renderFrame(snapshotOf({ stages }), new History(), size, plain).join('\n');
    expect(text).toMatch(/alerts .* breaker open, /); // what matters most comes first: the rest may be cut
  });

  it('colours only: the text is the same with and without', () => {
    const colored = renderFrame(snapshotOf(), new History(), size, { ...plain, colors: pc.createColors(true) });

    const bare = colored.map((line) => line.replace(/\u001b\[[0-9;]*m/g, ''));
    expect(bare).toEqual(renderFrame(snapshotOf(), new History(), size, plain));
    expect(colored).not.toEqual(bare);
  });

  it.each([1, 20, 40, 60, 80, 200])('never is wider than %d columns, nor higher than the terminal', (columns) => {
    const history = historyOf([1, 2, 3]);
    for (let i = 0; i < 20; i += 1) history.note({ atMs: i, level: 'warn', message: 'x'.repeat(300) });
    for (const rows of [3, 10, 20, 50]) {
      const frame = renderFrame(snapshotOf(), history, { columns, rows }, plain);
      expect(frame.length).toBeLessThan(rows);
      for (const line of frame) expect(widthOf(line)).toBeLessThanOrEqual(columns);
    }
  });

  it('keeps its height while the log fills and the bottleneck changes', () => {
    const history = new History();
    const empty = renderFrame(snapshotOf(), history, size, plain).length;
    history.note({ atMs: 1, level: 'info', message: 'one' });
    const reason = 'a reason that is long enough to need a second line of the frame, '.repeat(2);
    const bottleneck = { where: 'sink alerts', kind: 'stage' as const, reason };
    expect(renderFrame(snapshotOf({ bottleneck }), history, size, plain)).toHaveLength(empty);
  });

  it('says that the data plane is busy when it has been silent for a second', () => {
    const frame = renderFrame(snapshotOf(), new History(), size, { ...plain, silentMs: 3200 }).join('\n');
    expect(frame).toMatch(/busy for 3\.2 s/);
    expect(frame).toMatch(/holds its thread/);
  });

  it('lets no control character of a name or message reach the terminal', () => {
    const history = new History();
    history.note({ atMs: 0, level: 'info', message: 'a\u001b[2Jb\nc' });
    const frame = renderFrame(snapshotOf({ stages: [stageOf('x\u0007y')] }), history, size, plain);
    expect(frame.join('')).not.toMatch(/\p{Cc}/u);
  });
});

describe('the clock', () => {
  it.each([
    [0, '0:00'],
    [61_000, '1:01'],
    [3_600_000 + 5 * 60_000 + 9000, '1:05:09'],
  ])('writes %d ms as %s', (ms, text) => expect(clock(ms)).toBe(text));
});
