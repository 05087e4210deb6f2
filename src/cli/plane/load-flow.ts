/** Loads a user's flow module, TypeScript or JavaScript, whatever the nearest package.json says. */

import { createRequire } from 'node:module';
import { createJiti } from 'jiti';
import type { RunnableFlow } from '../../flow/run.ts';

export interface LoadedFlow {
  readonly flow: RunnableFlow;
  /** The user's own files that were loaded, absolute. */
  readonly modules: readonly string[];
}

/** The module was loaded, but what it exports is not a flow. */
export class NotAFlow extends Error {
  override readonly name = 'NotAFlow';
  readonly fix: string;
  constructor(message: string, fix: string) {
    super(message);
    this.fix = fix;
  }
}

/**
 * @param doors - modules of this package by specifier: the user's `import 'daoflow'` gets the very
 *   copy that runs the flow, also where the package is not installed beside the flow
 * @throws what the module throws; NotAFlow
 */
export async function loadFlow(path: string, doors: Readonly<Record<string, unknown>>): Promise<LoadedFlow> {
  const jiti = createJiti(path, { virtualModules: doors, interopDefault: true });
  const exported = await jiti.import<Record<string, unknown>>(path);
  return { flow: flowOf(exported), modules: loadedModules() };
}

/** What has been loaded so far beside installed packages; also after a failure. */
export function loadedModules(): string[] {
  return Object.keys(createRequire(import.meta.url).cache).filter((file) => !/[\\/]node_modules[\\/]/.test(file));
}

export function isFlow(value: unknown): value is RunnableFlow {
  if (typeof value !== 'object' || value === null) return false;
  const { name, run, targets } = value as Partial<Record<string, unknown>>;
  return typeof name === 'string' && typeof run === 'function' && typeof targets === 'object';
}

function flowOf(exported: Record<string, unknown>): RunnableFlow {
  const value = 'default' in exported ? exported['default'] : undefined;
  if (isFlow(value)) return value;
  if (isFlow(exported)) return exported; // module.exports = flow
  throw value === undefined ? noDefault(exported) : notAFlow(value);
}

function noDefault(exported: Record<string, unknown>): NotAFlow {
  const named = Object.keys(exported).find((key) => isFlow(exported[key]));
  const fix =
    named === undefined
      ? "end the module with: export default flow('name').from(...).to(...)"
      : `"${named}" is a flow: add "export default ${named}"`;
  return new NotAFlow('the module has no default export', fix);
}

function notAFlow(value: unknown): NotAFlow {
  if (typeof value === 'object' && value !== null && typeof (value as { to?: unknown }).to === 'function') {
    return new NotAFlow(
      'the default export is a stream without an end: nothing takes its events',
      'end it with a sink, for example .to(stdout())',
    );
  }
  if (typeof value === 'function') {
    return new NotAFlow('the default export is a function, not a flow', 'call it: export the flow that it returns');
  }
  const what = value === null ? 'null' : Array.isArray(value) ? 'an array' : `of type ${typeof value}`;
  return new NotAFlow(
    `the default export is not a flow, but ${what}`,
    "export what flow('name').from(...).to(...) returns",
  );
}
