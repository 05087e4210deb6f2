import { afterEach, describe, expect, test, vi } from 'vitest';
import { byTime, chain, echo, feed, OPTIONS, running } from './fakes.ts';
import type { compileSegment } from './compile.ts';
import type { SegmentTree } from './segment-tree.ts';

/** A fresh copy of the modules, so that what was found out about code generation is found out again. */
async function freshCompile(): Promise<typeof compileSegment> {
  vi.resetModules();
  return (await import('./compile.ts')).compileSegment;
}

/** Stands in for the global `Function` and keeps every text given to it. */
function recordSources(): string[] {
  const sources: string[] = [];
  const real = globalThis.Function;
  const recording = function (...texts: string[]) {
    sources.push(texts.join('\n'));
    return real(...texts) as unknown;
  };
  vi.stubGlobal('Function', recording);
  return sources;
}

afterEach(() => vi.unstubAllGlobals());

const EVIL = '";process.exit()//';

function evilTrees(): SegmentTree[] {
  const keyed = {
    kind: 'keyBy' as const,
    name: `${EVIL}\n`,
    field: EVIL,
    fn: (event: Record<string, string>) => event[EVIL] ?? '',
  };
  const map = { kind: 'map' as const, name: '`${process.exit()}`', fn: (n: unknown) => n };
  return chain([byTime(EVIL), map, keyed, running(EVIL), echo(EVIL)], { leaf: 0 });
}

describe('generated code', () => {
  test('holds no string of the user: names, fields and the name of the flow stay outside', async () => {
    const sources = recordSources();
    const compile = await freshCompile();
    const flow = '"*/\n;process.exit()//\u2028';
    const segment = compile(evilTrees(), 1, { ...OPTIONS, flow, timedEvery: 1 });
    feed(segment, [{ n: 3, t: 1, [EVIL]: 'a' }]);
    segment.end();
    expect(sources.length).toBeGreaterThan(2);
    for (const source of sources) expect(source).not.toMatch(/process\.exit|\(\)\/\/|\u2028|`/);
    expect(segment.counters().map(({ name }) => name)).toContain(EVIL);
  });

  test('has a readable name of its own for each loop in profiles', async () => {
    const sources = recordSources();
    const compile = await freshCompile();
    for (let i = 0; i < 2; i++) compile(evilTrees(), 1, { ...OPTIONS, flow: 'card fraud/é' });
    const urls = sources.flatMap((source) => /\/\/# sourceURL=(.*)$/.exec(source)?.[1] ?? []);
    expect(urls.length).toBeGreaterThan(1);
    expect(new Set(urls).size).toBe(urls.length);
    for (const url of urls) expect(url).toMatch(/^daoflow\/card_fraud__\/segment-\d+\.js$/);
  });

  test('is done without where it is switched off, which is tried once', async () => {
    let attempts = 0;
    vi.stubGlobal('Function', function () {
      attempts += 1;
      throw new EvalError('Code generation from strings disallowed for this context');
    });
    const compile = await freshCompile();
    for (let i = 0; i < 3; i++) {
      const told: boolean[] = [];
      const probe = {
        kind: 'step' as const,
        name: 'probe',
        create: ({ generateCode }: { generateCode: boolean }) => {
          told.push(generateCode);
          return { push: (event: unknown) => event };
        },
      };
      const segment = compile(chain([probe], { leaf: 0 }), 1, OPTIONS);
      feed(segment, [1, 2]);
      expect(segment.take(0)).toEqual([1, 2]);
      expect(told).toEqual([false]);
    }
    expect(attempts).toBe(1);
  });

  test('is not tried when it is not wanted', async () => {
    const sources = recordSources();
    const compile = await freshCompile();
    feed(compile(evilTrees(), 1, { ...OPTIONS, generateCode: false }), [{ n: 1, t: 1 }]);
    expect(sources).toEqual([]);
  });

  test('stands a chain of a thousand operators', async () => {
    const compile = await freshCompile();
    const operators = Array.from({ length: 1000 }, (_, i) =>
      i % 2 === 0
        ? { kind: 'map' as const, name: `m${i}`, fn: (n: number) => n + 1 }
        : { kind: 'filter' as const, name: `f${i}`, fn: (n: number) => n >= 0 },
    );
    const segment = compile(chain(operators, { leaf: 0 }), 1, { ...OPTIONS, timedEvery: 2 });
    feed(segment, [0, 1]);
    feed(segment, [2]);
    expect(segment.take(0)).toEqual([500, 501, 502]);
  });
});
