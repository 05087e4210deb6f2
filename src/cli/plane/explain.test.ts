import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, ConnectorError } from '../../errors/errors.ts';
import { explainLoad, explainRun, type ExplainContext } from './explain.ts';

let cwd = '';
let context: ExplainContext;

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'daoflow-explain-'));
  context = { path: join(cwd, 'flow.ts'), cwd, doors: ['daoflow', 'daoflow/http'] };
  writeFileSync(join(cwd, 'flow.ts'), "import { a } from './rulse.ts'\nimport z from '@some/pkg/deep'\n");
  writeFileSync(join(cwd, 'rules.ts'), '');
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

function missing(what: string): Error {
  return new Error(`Cannot find module '${what}'\nRequire stack:\n- ${join(cwd, 'flow.ts')}`);
}

describe('errors of loading', () => {
  it('name the file that was meant', () => {
    expect(explainLoad(missing('./rulse.ts'), context)).toEqual({
      kind: 'usage',
      message: 'no such module: "./rulse.ts"',
      at: { file: 'flow.ts', line: 1, column: 19, text: "import { a } from './rulse.ts'" },
      fix: 'did you mean "./rules.ts"?',
    });
  });

  it('give the install line of a scoped package', () => {
    expect(explainLoad(missing('@some/pkg/deep'), context)).toMatchObject({
      message: 'the package "@some/pkg" is not installed',
      at: { line: 2 },
      fix: 'npm install @some/pkg',
    });
  });

  it('carry the frame of the user, not ours and not a package', () => {
    const error = new TypeError('boom');
    error.stack = `TypeError: boom\n    at f (${cwd}/node_modules/x/i.js:1:1)\n    at async g (file://${cwd}/flow.ts:2:3)`;
    expect(explainLoad(error, context)).toMatchObject({
      kind: 'failed',
      message: 'flow.ts threw while loading: TypeError: boom',
      at: { file: 'flow.ts', line: 2, column: 3 },
    });
  });

  it('carry no frame of Node', () => {
    const error = new TypeError('boom');
    error.stack = 'TypeError: boom\n    at async open (node:internal/fs/promises:638:25)\n    at node:internal/x/y:1:2';
    expect(explainLoad(error, context).at).toBeUndefined();
  });

  it('take anything that can be thrown', () => {
    for (const thrown of [undefined, null, 7, 'text', { a: 1 }]) {
      expect(explainLoad(thrown, context).message).toMatch(/flow\.ts threw while loading/);
    }
  });
});

describe('errors of a run', () => {
  it('are usage for a wrong declaration', () => {
    expect(explainRun(new ConfigError('flow.x', 'a number', 'text'), cwd).kind).toBe('usage');
  });

  it('are no error when the reader of stdout has gone, but are one for a socket', () => {
    const pipe = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const closed = new ConnectorError('out', 'cannot write to standard output: broken pipe', { cause: pipe });
    expect(explainRun(closed, cwd).kind).toBe('output-closed');
    const socket = new ConnectorError('http', 'the server hung up', { cause: pipe });
    expect(explainRun(socket, cwd)).toMatchObject({ kind: 'failed', message: 'http: the server hung up' });
  });

  it('end with circular causes too', () => {
    const error = new Error('a');
    error.cause = error;
    expect(explainRun(error, cwd).kind).toBe('failed');
  });
});
