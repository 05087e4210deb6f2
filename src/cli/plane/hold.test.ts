import { describe, expect, it } from 'vitest';
import { Hold } from './hold.ts';

const AT = { file: 'flow.ts', line: 3, column: null, text: '  for (;;);' };

function hold(locate = () => Promise.resolve<typeof AT | undefined>(AT)): Hold {
  return new Hold(1, 0, 500, locate);
}

describe('a thread that says nothing', () => {
  it('is silent for longer from look to look, until it is heard', () => {
    const held = hold();
    expect(held.look(250)).toBe(250);
    expect(held.look(500)).toBe(500);
    held.heard();
    expect(held.look(750)).toBe(250);
  });

  it('is not blamed for the time in which nobody looked', () => {
    const held = hold();
    held.look(250);
    expect(held.look(60_000)).toBe(750);
  });

  it('is explained once, and again after it was heard', async () => {
    const held = hold();
    expect(await held.explain()).toMatch(
      /^since \d\d:\d\d:\d\d UTC the thread of the flow is held at flow.ts:3: for \(;;\);$/,
    );
    expect(await held.explain()).toBeUndefined();
    expect(held.failure(30_000)).toMatchObject({ at: AT, message: expect.stringContaining('30.0 s') as string });
    held.heard();
    expect(held.failure(30_000).at).toBeUndefined();
    expect(await held.explain()).toMatch(/flow.ts:3/);
  });

  it('is not explained by a place that belongs to an earlier silence', async () => {
    let answer: (at: typeof AT) => void = () => undefined;
    const held = hold(() => new Promise((resolve) => (answer = resolve)));
    const explained = held.explain();
    held.heard();
    answer(AT);
    expect(await explained).toBeUndefined();
  });
});
