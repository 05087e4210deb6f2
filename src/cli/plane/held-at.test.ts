import { describe, expect, it } from 'vitest';
import { placeIn } from './held-at.ts';

const frame = (functionName: string, url: string, lineNumber = 0) => ({
  functionName,
  url,
  lineNumber,
  scriptId: '1',
  columnNumber: 0,
});

describe('the place that holds a thread', () => {
  it('is the innermost code of the user on the way to the most samples', () => {
    const nodes = [
      { id: 1, callFrame: frame('(root)', ''), hitCount: 0, children: [2] },
      { id: 2, callFrame: frame('outer', '/srv/me/flow.ts', 3), hitCount: 1, children: [3, 4] },
      { id: 3, callFrame: frame('slow', '/srv/me/flow.ts', 9), hitCount: 0, children: [5], positionTicks: [] },
      { id: 4, callFrame: frame('fast', '/srv/me/flow.ts', 20), hitCount: 2 },
      { id: 5, callFrame: frame('parse', '/srv/me/node_modules/x/x.js', 1), hitCount: 90 },
    ];
    expect(placeIn(nodes, '/srv/me')).toMatchObject({ file: 'flow.ts', line: 10 });
  });

  it('is the line of most samples within a function', () => {
    const positionTicks = [
      { line: 5, ticks: 3 },
      { line: 7, ticks: 80 },
    ];
    const nodes = [{ id: 1, callFrame: frame('f', 'file:///srv/me/flow.ts', 3), hitCount: 83, positionTicks }];
    expect(placeIn(nodes, '/srv/me')).toMatchObject({ line: 7 });
  });

  it("is unknown in code that is not the user's", () => {
    expect(placeIn([{ id: 1, callFrame: frame('(garbage collector)', ''), hitCount: 9 }], '/')).toBeUndefined();
  });
});
