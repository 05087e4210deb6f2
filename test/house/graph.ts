/** The import graph: cycles and what is reachable. */

import { folderOf, isTest, type SourceFile } from './sources.ts';

type Graph = ReadonlyMap<string, readonly string[]>;

export function importGraph(files: readonly SourceFile[]): Graph {
  return new Map(files.map((file) => [file.path, file.imports.flatMap(({ target }) => target ?? [])]));
}

/** What runs at import: types are erased and may refer to each other. */
export function runtimeGraph(files: readonly SourceFile[]): Graph {
  const runtime = (file: SourceFile): string[] =>
    file.imports.flatMap(({ target, isTypeOnly }) => (target === undefined || isTypeOnly ? [] : target));
  return new Map(files.map((file) => [file.path, runtime(file)]));
}

/** The nouns of the domain (`src/x`) as nodes, types included, tests left out: a cycle here means that two nouns are one. */
export function folderGraph(files: readonly SourceFile[]): Graph {
  const edges = new Map<string, Set<string>>();
  for (const file of files.filter((one) => !isTest(one.path))) {
    const from = folderOf(file.path);
    if (from === undefined) continue;
    const known = edges.get(from) ?? new Set<string>();
    edges.set(from, known);
    for (const { target } of file.imports) {
      const to = target === undefined ? undefined : folderOf(target);
      if (to !== undefined && to !== from) known.add(to);
    }
  }
  return new Map([...edges].map(([from, to]) => [from, [...to]]));
}

/** One representative path per cycle, `a -> b -> a`. */
export function cyclesIn(graph: Graph): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): void => {
    const at = path.indexOf(node);
    if (at !== -1) {
      cycles.push([...path.slice(at), node].join(' -> '));
      return;
    }
    if (done.has(node)) return;
    path.push(node);
    for (const next of graph.get(node) ?? []) visit(next);
    path.pop();
    done.add(node);
  };
  for (const node of graph.keys()) visit(node);
  return cycles;
}

export function reachableFrom(graph: Graph, roots: readonly string[]): Set<string> {
  const seen = new Set<string>();
  const pending = [...roots];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    pending.push(...(graph.get(node) ?? []));
  }
  return seen;
}
