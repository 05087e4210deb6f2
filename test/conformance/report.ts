/** What `npm run test:conformance` prints. */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readCases } from './cases.ts';
import { differenceIn } from './replay.ts';

export interface Report {
  readonly lines: readonly string[];
  /** Nothing failed but what is documented. */
  readonly isConforming: boolean;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The suites that the project ships. */
export const SUITES: readonly string[] = ['flink', 'generated', 'random'].map((name) => here(`cases/${name}.json`));
const DEVIATIONS = here('../../docs/patterns/deviations.md');

/** @param options.isVerbose - says how each failed case differs */
export function reportOf(files: readonly string[] = SUITES, options: { readonly isVerbose?: boolean } = {}): Report {
  const documented = documentedDeviations();
  const results = files.flatMap((file) => readCases(file).map((one) => ({ id: one.id, problem: problemOf(one) })));
  const failed = results.filter(({ problem }) => problem !== undefined);
  const lines = failed.map(({ id, problem }) => {
    const note = documented.has(id) ? ' (documented deviation)' : '';
    return `failed: ${id}${note}${options.isVerbose === true ? `\n${problem ?? ''}` : ''}`;
  });
  return {
    lines: [...lines, `${results.length - failed.length} passed, ${failed.length} failed`],
    isConforming: results.length > 0 && failed.every(({ id }) => documented.has(id)),
  };
}

function problemOf(one: Parameters<typeof differenceIn>[0]): string | undefined {
  try {
    return differenceIn(one);
  } catch (error) {
    return `  ${String(error)}`;
  }
}

/** Ids in the first column of the table. */
function documentedDeviations(): ReadonlySet<string> {
  if (!existsSync(DEVIATIONS)) return new Set();
  const ids = [...readFileSync(DEVIATIONS, 'utf8').matchAll(/^\| `([^`]+)`/gm)].map(([, id]) => id ?? '');
  return new Set(ids);
}
