/** Finds the module that a command names, or says what is wrong with the name. */

import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { usageFailure, type CommandFailure } from './failure.ts';
import { shortPath } from './short-path.ts';
import { similarNames } from '../errors/similar-names.ts';

const MODULE = /\.[cm]?[jt]sx?$/;

/**
 * The absolute path of a flow module.
 * @throws CommandFailure (exit 2) with names nearby when there is no such file
 */
export function flowFile(argument: string, cwd: string): string {
  const path = resolve(cwd, argument);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw notFound(argument, path, cwd);
  if (stats.isDirectory()) throw isDirectory(argument, path, cwd);
  if (!MODULE.test(path)) {
    throw usageFailure(
      `${argument} is not a module: a flow is a .ts, .js, .mts or .mjs file that default-exports a flow`,
      dataHint(argument),
    );
  }
  return path;
}

function notFound(argument: string, path: string, cwd: string): CommandFailure {
  const folder = dirname(path);
  const names = modulesIn(folder);
  if (names === undefined) return usageFailure(`no such file: ${argument} (its folder does not exist either)`);
  const near = similarNames(basename(path), names).map((name) => shortPath(join(folder, name), cwd));
  if (near.length > 0) return usageFailure(`no such file: ${argument}`, `did you mean ${near.join(' or ')}?`);
  return usageFailure(`no such file: ${argument}`, `write a first flow there: npx daoflow init ${argument}`);
}

function isDirectory(argument: string, path: string, cwd: string): CommandFailure {
  const names = (modulesIn(path) ?? []).filter((name) => !/\.(test|d)\.[cm]?ts$|config\./.test(name)).slice(0, 3);
  const fix =
    names.length === 0
      ? `write a first flow there: npx daoflow init ${argument}`
      : `name the file: ${names.map((name) => shortPath(join(path, name), cwd)).join(' or ')}`;
  return usageFailure(`${argument} is a directory, not a flow`, fix);
}

function dataHint(argument: string): string | undefined {
  return /\.(nd)?jsonl?$|\.csv$|\.gz$/.test(argument)
    ? `to run events of a file through a flow: npx daoflow run flow.ts < ${argument}`
    : undefined;
}

function modulesIn(folder: string): string[] | undefined {
  try {
    return readdirSync(folder).filter((name) => MODULE.test(name));
  } catch {
    return undefined;
  }
}
