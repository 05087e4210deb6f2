import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { ConnectorError } from '../../errors/errors.ts';
import type { Format, SourceContext } from '../../event/source.ts';
import { systemCode, systemFailure } from '../system-failure.ts';
import type { FileSettings } from './settings.ts';
import { formatOfName } from './format.ts';
import { glob, isGlob } from './glob.ts';

export interface Input {
  readonly path: string;
  readonly format: Format;
}

/**
 * The files to read, all checked before the first is opened.
 *
 * @throws ConnectorError when one is missing, a directory or not readable, or a pattern matches nothing
 */
export async function inputFiles(settings: FileSettings, context: SourceContext): Promise<readonly Input[]> {
  const paths = new Set<string>();
  for (const path of settings.paths) {
    const matches = await matching(path, settings, context);
    if (matches.length === 0) {
      const advice = 'Check the folder and the pattern; a shell expands quoted patterns differently.';
      throw new ConnectorError(settings.name, `no file matches ${path}. ${advice}`);
    }
    for (const match of matches) paths.add(match);
  }
  const inputs = [...paths].map((path) => inputOf(path, settings));
  for (const input of inputs) await checkReadable(input, settings);
  return inputs;
}

/** The files that a pattern matches now; a path that exists is itself, whatever characters it has. */
export async function matching(path: string, settings: FileSettings, context: SourceContext): Promise<string[]> {
  if (!isGlob(path) || (await exists(path))) return [path];
  return glob(path, (folder) => context.notice('warn', `${settings.name}: cannot look into ${folder}, skipped`));
}

export function inputOf(path: string, settings: FileSettings): Input {
  const format = settings.format ?? formatOfName(path).format;
  if (format === undefined) {
    const fix = "Give file() a format: 'ndjson', 'csv', 'tsv' or 'json', or a narrower pattern.";
    throw new ConnectorError(settings.name, `the name of ${path} does not say what is in it. ${fix}`);
  }
  return { path, format };
}

async function checkReadable({ path }: Input, { name }: FileSettings): Promise<void> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
    await access(path, constants.R_OK);
  } catch (error) {
    throw systemFailure(name, `cannot read ${path}`, error);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    return systemCode(error) === 'EACCES';
  }
}
