/** Turns whatever a user's module or a run threw into what a person needs: what, where in their code, the fix. */

import { readdirSync } from 'node:fs';
import { inspect } from 'node:util';
import { basename, dirname, join, resolve } from 'node:path';
import type { Failure } from '../failure.ts';
import { similarNames } from '../../errors/similar-names.ts';
import { NotAFlow } from './load-flow.ts';
import { shortPath } from '../short-path.ts';
import { excerptOf, userFrame } from './stack-frame.ts';

export interface ExplainContext {
  /** The flow's module, absolute. */
  readonly path: string;
  readonly cwd: string;
  /** Specifiers of this package, such as `daoflow/http`. */
  readonly doors: readonly string[];
}

/** An error of loading the module or of starting the flow. */
export function explainLoad(error: unknown, context: ExplainContext): Failure {
  const { path, cwd } = context;
  if (error instanceof NotAFlow) {
    return { kind: 'usage', message: `${shortPath(path, cwd)}: ${error.message}`, fix: error.fix };
  }
  const message = messageOf(error);
  return (
    explainMissing(message, context) ??
    explainSyntax(error, message, context) ?? {
      kind: isConfigError(error) ? 'usage' : 'failed',
      message: isOurs(error) ? message : `${shortPath(path, cwd)} threw while loading: ${named(error, message)}`,
      at: userFrame(stackOf(error), cwd),
    }
  );
}

/** An error that ended a run. */
export function explainRun(error: unknown, cwd: string): Failure {
  if (isClosedOutput(error)) return { kind: 'output-closed', message: 'the reader of stdout has gone' };
  const message = messageOf(error);
  if (isConfigError(error)) return { kind: 'usage', message, at: userFrame(stackOf(error), cwd) };
  if (!isOurs(error)) return { kind: 'failed', message: named(error, message), at: userFrame(stackOf(error), cwd) };
  const cause = (error as Error).cause;
  return { kind: 'failed', message, at: cause instanceof Error ? userFrame(cause.stack, cwd) : undefined };
}

function explainMissing(message: string, context: ExplainContext): Failure | undefined {
  const match =
    /Cannot find (?:module|package) '([^']+)'(?:\s+imported from '?([^\s']+)'?|\s+Require stack:\s+- (\S+))?/.exec(
      message.replaceAll('\n', ' '),
    );
  if (match === null) return undefined;
  const wanted = match[1] ?? '';
  const importer = match[2] ?? match[3] ?? context.path;
  const at = importLine(importer, wanted, context.cwd);
  if (wanted === 'daoflow' || wanted.startsWith('daoflow/')) return missingDoor(wanted, at, context.doors);
  return wanted.startsWith('.') || /^([A-Za-z]:)?[\\/]/.test(wanted)
    ? missingFile(wanted, importer, at)
    : missingPackage(wanted, at);
}

function missingDoor(wanted: string, at: Failure['at'], doors: readonly string[]): Failure {
  const near = similarNames(wanted, doors);
  const fix = `there are: ${(near.length > 0 ? near : doors).join(', ')}`;
  return { kind: 'usage', message: `this version of daoflow has no "${wanted}"`, at, fix };
}

function missingFile(wanted: string, importer: string, at: Failure['at']): Failure {
  const target = resolve(dirname(importer), wanted);
  const near = similarNames(basename(target), namesIn(dirname(target))).map((name) => {
    const path = join(dirname(wanted), name).replaceAll('\\', '/');
    return path.startsWith('.') ? path : `./${path}`;
  });
  const fix = near.length === 0 ? undefined : `did you mean ${near.map((name) => `"${name}"`).join(' or ')}?`;
  return { kind: 'usage', message: `no such module: "${wanted}"`, at, fix };
}

function missingPackage(wanted: string, at: Failure['at']): Failure {
  const parts = wanted.split('/');
  const name = parts.slice(0, wanted.startsWith('@') ? 2 : 1).join('/');
  return { kind: 'usage', message: `the package "${name}" is not installed`, at, fix: `npm install ${name}` };
}

/** The line of the importing file that names the module. */
function importLine(importer: string, wanted: string, cwd: string): Failure['at'] {
  for (let line = 1; line <= MOST_LINES; line += 1) {
    const at = excerptOf(importer, line, null, cwd);
    const column = at.text.search(/['"]/);
    if (at.text.includes(`'${wanted}'`) || at.text.includes(`"${wanted}"`)) return { ...at, column: column + 1 };
  }
  return undefined;
}

/** Imports stand at the top of a file. */
const MOST_LINES = 200;

/** `ParseError: <what>\n <file>:<line>:<column from 0>`, or Node's own SyntaxError. */
function explainSyntax(error: unknown, message: string, { path, cwd }: ExplainContext): Failure | undefined {
  const parsed = /^ParseError: ([\s\S]*?)\s*\n\s*(.+):(\d+):(\d+)\s*$/.exec(message);
  if (parsed !== null) {
    const [, what = '', file = path, line = '1', column = '0'] = parsed;
    const at = excerptOf(file, Number(line), Number(column) + 1, cwd);
    return { kind: 'usage', message: `syntax error: ${what.trim()}`, at };
  }
  if (!(error instanceof SyntaxError)) return undefined;
  const first = /^(?:file:\/\/)?(\S+?):(\d+)\n/.exec(error.stack ?? '');
  const at = first === null ? undefined : excerptOf(first[1] ?? path, Number(first[2]), null, cwd);
  return { kind: 'usage', message: `syntax error: ${message}`, at: at ?? userFrame(error.stack, cwd) };
}

/** A write to stdout failed because nobody reads it any more. EPIPE of a socket is a failure like any other. */
function isClosedOutput(error: unknown): boolean {
  const chain: Error[] = [];
  for (let at = error; at instanceof Error && chain.length < MOST_CAUSES; at = at.cause) chain.push(at);
  return (
    chain.some((at) => (at as NodeJS.ErrnoException).code === 'EPIPE') &&
    chain.some((at) => /standard output|\bstdout\b/.test(at.message))
  );
}

/** Chains of causes may be circular. */
const MOST_CAUSES = 8;

function named(error: unknown, message: string): string {
  return error instanceof Error && error.name !== 'Error' ? `${error.name}: ${message}` : message;
}

function isOurs(error: unknown): boolean {
  return typeof error === 'object' && error !== null && Symbol.for('daoflow.error') in error;
}

function isConfigError(error: unknown): boolean {
  return isOurs(error) && (error as { code?: unknown }).code === 'DAO_CONFIG';
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}

function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === 'string' ? error : `threw ${inspect(error, { depth: 1, breakLength: Infinity })}`;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
