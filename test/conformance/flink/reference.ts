/** The reference engine itself: a Java program beside this file, built by Maven where there is a JDK. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Case } from '../cases.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const BUILT = fileURLToPath(new URL('../../../.build/flink', import.meta.url));
const MAIN = 'daoflow.reference.Main';

export interface Answers {
  readonly cases: readonly Case[];
  /** Refused, failed, or not finished in time. */
  readonly unanswered: readonly { readonly id: string; readonly reason: string }[];
}

/** @returns why it cannot be built here; undefined when it is ready */
export function buildReference(): string | undefined {
  for (const tool of ['javac', 'mvn']) {
    if (spawnSync(tool, ['-version']).error !== undefined) return `${tool} is not installed`;
  }
  const goals = ['-q', '-B', 'compile', 'dependency:copy-dependencies', `-DoutputDirectory=${join(BUILT, 'lib')}`];
  const { status, stdout } = spawnSync('mvn', goals, { cwd: HERE, encoding: 'utf8' });
  return status === 0 ? undefined : `Maven failed:\n${stdout}`;
}

/** @param secondsPerCase - the engine does not return from some patterns */
export function askReference(questions: readonly Omit<Case, 'expect'>[], secondsPerCase = 2): Answers {
  const folder = mkdtempSync(join(tmpdir(), 'reference-'));
  try {
    const [asked, answered] = [join(folder, 'cases.json'), join(folder, 'answers.json')];
    writeFileSync(asked, JSON.stringify({ schema: 'daoflow-cep-case/1', cases: questions }));
    const classpath = [join(BUILT, 'classes'), join(BUILT, 'lib', '*')].join(delimiter);
    const options = ['-Xmx1g', '-XX:+UseSerialGC', '-cp', classpath, MAIN, asked, answered, String(secondsPerCase)];
    const { status, stderr } = spawnSync('java', options, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`the reference engine ended with ${status}:\n${stderr}`);
    return JSON.parse(readFileSync(answered, 'utf8')) as Answers;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
