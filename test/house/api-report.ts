/** The public API as text: for each door, every exported name with its declaration, comments left out. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from './sources.ts';

/** @param doors - names without extension; `src/NAME.ts` is the source */
export function apiReport(doors: readonly string[]): string {
  const options = compilerOptions();
  const program = ts.createProgram(
    doors.map((door) => join(ROOT, `src/${door}.ts`)),
    options,
  );
  const checker = program.getTypeChecker();
  const declarations = new DeclarationTexts(options);
  const sections = doors.map((door) => {
    const file = program.getSourceFile(join(ROOT, `src/${door}.ts`));
    const module = file === undefined ? undefined : checker.getSymbolAtLocation(file);
    const names = module === undefined ? [] : checker.getExportsOfModule(module);
    const texts = names
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((symbol) => declarations.of(symbol.name, resolved(checker, symbol)));
    return `## daoflow${door === 'index' ? '' : `/${door}`}\n\n\`\`\`\n${texts.join('\n\n')}\n\`\`\`\n`;
  });
  return [
    '# Public API\n',
    'Made by `npm run api`; a test compares it. Each change here is a change for users: say it in CHANGELOG.md.\n',
    ...sections,
  ].join('\n');
}

export function compilerOptions(): ts.CompilerOptions {
  const path = join(ROOT, 'tsconfig.json');
  const { config } = ts.readConfigFile(path, (file) => readFileSync(file, 'utf8')) as {
    config: { compilerOptions: object };
  };
  return ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT).options;
}

function resolved(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
}

/** Declarations as the emitted types show them: no bodies, no private members. One emit per file. */
class DeclarationTexts {
  readonly #options: ts.CompilerOptions;
  readonly #files = new Map<string, ts.SourceFile>();
  readonly #printer = ts.createPrinter({ removeComments: true });

  constructor(options: ts.CompilerOptions) {
    this.#options = options;
  }

  of(publicName: string, symbol: ts.Symbol): string {
    const source = symbol.declarations?.[0]?.getSourceFile();
    if (source === undefined) return `export ${publicName}: not found`;
    if (source.fileName.includes('node_modules')) return `export ${publicName}: from a dependency`;
    const emitted = this.#emitted(source);
    const found = emitted.statements.filter((statement) => declares(statement, symbol.name));
    const text = found.map((one) => this.#printer.printNode(ts.EmitHint.Unspecified, one, emitted)).join('\n');
    const renamed = publicName === symbol.name ? '' : `// exported as ${publicName}\n`;
    return renamed + text.replaceAll('export declare ', 'export ');
  }

  #emitted(source: ts.SourceFile): ts.SourceFile {
    const known = this.#files.get(source.fileName);
    if (known !== undefined) return known;
    const { outputText } = ts.transpileDeclaration(source.text, {
      fileName: source.fileName,
      compilerOptions: this.#options,
    });
    const emitted = ts.createSourceFile('emitted.d.ts', outputText, ts.ScriptTarget.Latest, true);
    this.#files.set(source.fileName, emitted);
    return emitted;
  }
}

function declares(statement: ts.Statement, name: string): boolean {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.some((one) => one.name.getText() === name);
  }
  const isNamed =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isModuleDeclaration(statement);
  return isNamed && statement.name?.text === name;
}
