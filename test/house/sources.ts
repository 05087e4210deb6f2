/** The source files of the package as the rules of the house see them: paths, imports, syntax trees. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));

export interface Import {
  readonly specifier: string;
  /** Path of the imported file relative to the root, for relative imports. */
  readonly target: string | undefined;
  readonly line: number;
  /** Erased when built. */
  readonly isTypeOnly: boolean;
}

export interface SourceFile {
  /** Relative to the root, with forward slashes: `src/flow/run.ts`. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  readonly imports: readonly Import[];
}

/** A file from its text: what the tests of the rules themselves use. */
export function sourceFile(path: string, text: string): SourceFile {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  return { path, text, tree, imports: importsOf(path, tree) };
}

/** Every TypeScript file under `src`, tests included, in a stable order. */
export function readSources(): SourceFile[] {
  return filesUnder('src')
    .filter((path) => path.endsWith('.ts'))
    .map((path) => sourceFile(path, readFileSync(join(ROOT, path), 'utf8')));
}

export function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

/** `src/flow/run.ts` is in folder `flow`; a file at the top of src is a door and has none. */
export function folderOf(path: string): string | undefined {
  const [, folder, file] = path.split('/');
  return file === undefined ? undefined : folder;
}

/** Where a node stands, for messages: `src/flow/run.ts:12`. */
export function placeOf(file: SourceFile, node: ts.Node): string {
  return `${file.path}:${lineOf(file.tree, node)}`;
}

/** Files below a folder of the checkout, relative to the root; generated folders are not there. */
export function filesUnder(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posixPath(join(entry.parentPath, entry.name)).slice(posixPath(ROOT).length))
    .sort();
}

const posixPath = (path: string): string => path.replaceAll('\\', '/');

/** Imports, re-exports, `import()` of a literal and `import("x").T`: each makes a file alive. */
function importsOf(path: string, tree: ts.SourceFile): Import[] {
  const imports: Import[] = [];
  const add = (node: ts.StringLiteralLike, isTypeOnly: boolean): void => {
    const specifier = node.text;
    const isRelative = specifier.startsWith('.');
    const target = isRelative ? posix.join(dirname(path), specifier) : undefined;
    imports.push({ specifier, target, line: lineOf(tree, node), isTypeOnly });
  };
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) add(specifier, isErased(node));
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return imports;
}

function isErased(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node)) return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
  return ts.isImportTypeNode(node) || (ts.isExportDeclaration(node) && node.isTypeOnly);
}

function specifierOf(node: ts.Node): ts.StringLiteralLike | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    return node.moduleSpecifier !== undefined && ts.isStringLiteralLike(node.moduleSpecifier)
      ? node.moduleSpecifier
      : undefined;
  }
  if (ts.isImportTypeNode(node)) {
    return ts.isLiteralTypeNode(node.argument) && ts.isStringLiteralLike(node.argument.literal)
      ? node.argument.literal
      : undefined;
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    return argument !== undefined && ts.isStringLiteralLike(argument) ? argument : undefined;
  }
  return undefined;
}

function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}
