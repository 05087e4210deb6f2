/** What the layers below the machine may not use, each with what to use instead. */

import { builtinModules } from 'node:module';
import ts from 'typescript';
import { isBelowMachine } from './layers.ts';
import { folderOf, isTest, placeOf, type SourceFile } from './sources.ts';

const CLOCK = 'read the Scheduler or Clock that you were given (src/time/clock.ts)';
const TIMER = 'use Scheduler.after, .soon or .yield (src/time/clock.ts)';

/** `object.member` or a bare name -> replacement. A key `x.` bans every member of x. */
const BANNED: Readonly<Record<string, string>> = {
  'Date.now': CLOCK,
  'performance.': CLOCK,
  setTimeout: TIMER,
  setInterval: TIMER,
  setImmediate: TIMER,
  queueMicrotask: TIMER,
  'Math.random': 'take a Random (src/time/clock.ts), seeded in tests',
  'crypto.': 'take a Random or an id source as a parameter; src/host has the real one',
  'process.': 'take what you need as an option or contract; src/host reads the process',
  'console.': 'report through a notice or an event; the CLI prints',
  'globalThis.': 'take what you need as an option or contract',
  fetch: 'write a connector (src/connector)',
};

/** Folders whose own templates become code: user functions and names go in by reference only. */
const GENERATES_CODE = ['fusion', 'codec', 'operator'];

export function banProblems(files: readonly SourceFile[]): string[] {
  return files.filter((file) => !isTest(file.path) && isBelowMachine(file.path)).flatMap((file) => [...bansIn(file)]);
}

/** Code from strings is banned everywhere but in the generators. */
export function codegenProblems(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => !isTest(file.path) && !GENERATES_CODE.includes(folderOf(file.path) ?? ''))
    .flatMap((file) =>
      nodesOf(file.tree)
        .filter(makesCode)
        .map((node) => `${placeOf(file, node)} makes code from a string: only ${GENERATES_CODE.join(', ')} may`),
    );
}

function makesCode(node: ts.Node): boolean {
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return false;
  return ts.isIdentifier(node.expression) && ['Function', 'eval'].includes(node.expression.text);
}

function* bansIn(file: SourceFile): Generator<string> {
  for (const { specifier, line } of file.imports) {
    if (specifier.startsWith('node:') || builtinModules.includes(specifier)) {
      yield `${file.path}:${line} imports ${specifier}: take a contract as a parameter; src/host and src/connector have the real ones`;
    }
  }
  for (const node of nodesOf(file.tree)) {
    const name = bannedName(node);
    if (name !== undefined) yield `${placeOf(file, node)} uses ${name}: ${BANNED[name] ?? CLOCK}`;
  }
}

function bannedName(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const owner = node.expression.text;
    return [`${owner}.${node.name.text}`, `${owner}.`].find((name) => name in BANNED);
  }
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'Date') {
    return node.arguments === undefined || node.arguments.length === 0 ? 'new Date()' : undefined;
  }
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
    return Object.hasOwn(BANNED, node.expression.text) ? node.expression.text : undefined;
  }
  return undefined;
}

function nodesOf(tree: ts.SourceFile): ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return nodes;
}
