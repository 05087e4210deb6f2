/** The layers of the engine, lowest first. A file imports its own layer and those below, nothing above. */

import { folderOf, isTest, type SourceFile } from './sources.ts';

export interface Layer {
  readonly name: string;
  readonly folders: readonly string[];
  /** May touch the outside world: `node:*`, clocks, timers, the console. */
  readonly isOutside: boolean;
}

export const LAYERS: readonly Layer[] = [
  { name: 'foundations', folders: ['errors', 'time', 'stats', 'event', 'control'], isOutside: false },
  {
    name: 'mechanisms',
    folders: ['buffer', 'codec', 'memory', 'resilience', 'metrics', 'log', 'state'],
    isOutside: false,
  },
  { name: 'judgement', folders: ['tuning', 'energy', 'resource', 'alert'], isOutside: false },
  { name: 'language', folders: ['operator', 'pattern', 'anomaly', 'fusion', 'flow'], isOutside: false },
  { name: 'execution', folders: ['runtime'], isOutside: false },
  { name: 'machine', folders: ['host', 'worker', 'profile', 'connector', 'exporter'], isOutside: true },
  { name: 'assembly', folders: ['engine', 'testing', 'benchmark', 'doctor'], isOutside: true },
  { name: 'faces', folders: ['dashboard', 'cli'], isOutside: true },
];

const DOORS = LAYERS.length;

/** Folders that may use less than their layer allows. */
const NARROWER: Readonly<Record<string, readonly string[]>> = {
  // A controller is pure: what it knows, it was told in an observation.
  tuning: ['errors', 'time', 'stats', 'event', 'control'],
};

/** Agreed upward imports, each with its reason. One that is no longer needed must go. */
export const EXCEPTIONS: Readonly<Record<string, string>> = {};

/** Index of the layer of a file; doors are above all. */
function layerOf(path: string): number | undefined {
  const folder = folderOf(path);
  if (folder === undefined) return DOORS;
  const index = LAYERS.findIndex((layer) => layer.folders.includes(folder));
  return index === -1 ? undefined : index;
}

export function isBelowMachine(path: string): boolean {
  const layer = layerOf(path);
  return layer !== undefined && LAYERS[layer]?.isOutside === false;
}

/** What is wrong with the imports of these files, one sentence each. Tests may import what they like. */
export function layerProblems(
  files: readonly SourceFile[],
  exceptions: Readonly<Record<string, string>> = {},
): string[] {
  const unused = new Set(Object.keys(exceptions));
  const problems = files
    .filter((file) => !isTest(file.path))
    .flatMap((file) =>
      file.imports.flatMap(({ target, line }) => {
        const problem = target === undefined ? undefined : importProblem(file.path, target);
        if (problem === undefined) return [];
        const agreed = `${file.path} -> ${target ?? ''}`;
        if (agreed in exceptions) {
          unused.delete(agreed);
          return [];
        }
        return [`${file.path}:${line} ${problem}`];
      }),
    );
  return [...problems, ...[...unused].map((agreed) => `the exception "${agreed}" is not needed any more: remove it`)];
}

function importProblem(path: string, target: string): string | undefined {
  const from = layerOf(path);
  const to = layerOf(target);
  if (from === undefined)
    return `is in folder ${folderOf(path) ?? ''}, which has no layer: add it to test/house/layers.ts`;
  if (to === undefined) return `imports ${target}, whose folder has no layer: add it to test/house/layers.ts`;
  if (to > from) return `is in layer ${nameOf(from)} and imports ${target} of the higher layer ${nameOf(to)}`;
  const allowed = NARROWER[folderOf(path) ?? ''];
  const folder = folderOf(target);
  if (allowed !== undefined && folder !== undefined && folder !== folderOf(path) && !allowed.includes(folder)) {
    return `is in ${folderOf(path) ?? ''}, which imports ${allowed.join(', ')} only, and imports ${target}`;
  }
  return undefined;
}

const nameOf = (layer: number): string => LAYERS[layer]?.name ?? 'doors';

/** Doors say what is public and nothing else. */
export function doorProblems(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => folderOf(file.path) === undefined && !isTest(file.path))
    .flatMap((file) =>
      file.tree.statements
        .filter((statement) => !/^export\b[^;]*\bfrom\b/.test(statement.getText(file.tree)))
        .map(() => `${file.path} is a door: it may only re-export ("export { x } from './folder/x.ts'")`)
        .slice(0, 1),
    );
}
