/** The pictures of docs/patterns/README.md are what happens. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compilePattern } from '../../src/pattern/dag/choose.ts';
import { patternFromJson } from '../../src/pattern/json.ts';
import type { PatternModel, Step } from '../../src/pattern/model/pattern.ts';
import { patternFromText } from '../../src/pattern/text/text.ts';
import { replay } from './replay.ts';

interface Timeline {
  readonly pattern: string;
  readonly within: string | undefined;
  readonly skip: string;
  readonly only: string | undefined;
  /** Of steps that do not only look at the name. */
  readonly define: string | undefined;
  readonly events: readonly string[];
  readonly matches: readonly string[];
}

const guide = readFileSync(new URL('../../docs/patterns/README.md', import.meta.url), 'utf8');
const timelines = [...guide.matchAll(/^```timeline\n([\s\S]*?)^```$/gm)].map(([, block = '']) => timelineOf(block));

function timelineOf(block: string): Timeline {
  const lines = block
    .trim()
    .split('\n')
    .map((line) => [line.slice(0, 9).trim(), line.slice(9).trim()] as const);
  const one = (key: string): string | undefined => lines.find(([name]) => name === key)?.[1];
  const skip = one('skip');
  return {
    pattern: one('pattern') ?? '',
    within: one('within'),
    skip: skip === undefined ? 'NO SKIP' : `SKIP ${skip}`,
    only: one('only'),
    define: one('define'),
    events: (one('events') ?? '').split(/\s+/),
    matches: lines.filter(([name]) => name === 'match').map(([, events]) => events.replace(/\s+/g, ' ')),
  };
}

function namesIn(steps: PatternModel['steps']): string[] {
  return steps.flatMap((step: Step): string[] => {
    if ('group' in step) return namesIn(step.group);
    if ('anyOf' in step) return step.anyOf.flatMap(namesIn);
    return 'permute' in step ? namesIn(step.permute) : [step.name];
  });
}

test.each(timelines)('$pattern on $events', ({ pattern, within, skip, only, define, events, matches }) => {
  const body = `AFTER MATCH ${skip} PATTERN (${pattern}) ${within === undefined ? '' : `WITHIN ${within}`}`;
  const names = namesIn(patternFromText(body).model.steps);
  const defined = names.map((name) =>
    define?.startsWith(`${name} AS`) === true ? define : `${name} AS name = '${name}'`,
  );
  const declared = patternFromText(`${body} DEFINE ${defined.join(', ')}`).model;
  const model = patternFromJson({ ...declared, ...(only === undefined ? {} : { only }) });
  const labelled = events.map(
    (label, id) => [label, { type: 'E', id, name: label.charAt(0), price: Number(label.slice(1)) }] as const,
  );
  const input = events.map((event, index) => ({ ts: index + 1, event }));
  const replayed = replay({ pattern: model, events: Object.fromEntries(labelled), input }, compilePattern);
  const lines = replayed.matches.map((line) => {
    const labels = [...line.matchAll(/=([^ ]+)/g)].flatMap(([, list = '']) => list.split(','));
    return labels.sort((a, b) => events.indexOf(a) - events.indexOf(b)).join(' ');
  });
  expect(lines.sort()).toEqual([...matches].sort());
});

test('there are pictures', () => {
  expect(timelines.length).toBeGreaterThan(20);
});
