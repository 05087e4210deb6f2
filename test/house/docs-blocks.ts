/** The TypeScript blocks of the documentation: found, type-checked against the built package, executed. */

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { compilerOptions } from './api-report.ts';
import { ROOT } from './sources.ts';

export interface Block {
  /** `docs/flows.md:12`, the line of the opening fence. */
  readonly place: string;
  readonly code: string;
  /** False with the info string `ts no-run`: it is type-checked all the same. */
  readonly isRun: boolean;
}

/**
 * A comment `<!-- before: CODE -->` directly above a block is put in front of it, for declarations that a
 * reader need not see.
 */
const BLOCK = /(?:<!-- before:\n?([\s\S]*?)-->\s*\n)?^```ts([^\n`]*)\n([\s\S]*?)^```$/gm;

/** Most time that one block may take, start of Node.js included. */
const LIMIT_MS = 20_000;

export function blocksOf(path: string, markdown: string): Block[] {
  return [...markdown.matchAll(BLOCK)].map((match) => {
    const [all, before = '', info = '', code = ''] = match;
    const fence = match.index + all.indexOf('```ts');
    const line = markdown.slice(0, fence).split('\n').length;
    return { place: `${path}:${line}`, code: `${before.trim()}\n${code}`.trimStart(), isRun: !info.includes('no-run') };
  });
}

/** @returns one line per error, with the place of the block */
export function typeErrors(blocks: readonly Block[]): string[] {
  const folder = blockFolder();
  const files = new Map(blocks.map((block) => [join(folder, `${nameOf(block)}.ts`), block]));
  for (const [path, { code }] of files) writeFileSync(path, code);
  const options: ts.CompilerOptions = {
    ...compilerOptions(),
    paths: {}, // daoflow is the built package, found by its own name
    isolatedDeclarations: false,
    declaration: false,
  };
  const program = ts.createProgram([...files.keys()], options);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n  ');
    const block = files.get(diagnostic.file?.fileName ?? '');
    if (block === undefined || diagnostic.start === undefined) return message;
    const { line = 0 } = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start) ?? {};
    return `${block.place}, line ${line + 1} of the block: ${message}`;
  });
}

/**
 * Runs a block in a process and a directory of its own; a flow that it exports by default is run as well, briefly.
 * @returns what went wrong, or undefined
 */
export async function runBlock(block: Block): Promise<string | undefined> {
  const folder = blockFolder();
  const path = join(folder, `${nameOf(block)}.mjs`);
  const { target, module } = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  writeFileSync(path, ts.transpileModule(block.code, { compilerOptions: { target, module } }).outputText);
  const runner = join(folder, 'runner.mjs');
  writeFileSync(runner, RUNNER);
  const directory = mkdtempSync(join(tmpdir(), 'daoflow-docs-'));
  try {
    const { code, output } = await execute([runner, path], directory);
    return code === 0
      ? undefined
      : `${block.place} ended with ${code ?? `no end within ${LIMIT_MS / 1000} s`}:\n${output}`;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const RUNNER = `import { pathToFileURL } from 'node:url';
const { default: flow } = await import(pathToFileURL(process.argv[2]).href);
if (typeof flow?.run === 'function') {
  const run = flow.run({ signal: AbortSignal.timeout(500) });
  await run.done;
}
`;

function execute(args: readonly string[], cwd: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-4000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, output });
    });
  });
}

/** Inside the package, so that Node.js and TypeScript find `daoflow` by its own name. */
function blockFolder(): string {
  const folder = join(ROOT, '.build', 'docs');
  mkdirSync(folder, { recursive: true });
  return folder;
}

function nameOf(block: Block): string {
  return basename(block.place).replace(/[^\w]+/g, '-');
}
