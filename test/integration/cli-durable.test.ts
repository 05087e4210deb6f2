import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildProgram, folder, run, type Folder } from './cli-program.ts';

let here: Folder;

beforeAll(buildProgram, 60_000);
beforeEach(() => {
  here = folder();
});
afterEach(() => here.remove());

const FLOW = `import { file, flow } from 'daoflow'
  export default flow('orders', { data: 'data' })
    .from(file('in.ndjson'))
    .map((order) => { if (order.bad) throw new Error('no price for ' + order.id); return order })
    .to(file('out.ndjson'))`;

describe('a flow with a data directory', () => {
  it('says what it guarantees, and does not do again what is done', async () => {
    here.write('flow.ts', FLOW);
    here.write('in.ndjson', '{"id":1}\n{"id":2}\n');
    const first = await run(here.path, ['run', 'flow.ts', '--plain']);
    expect(first.stderr).toMatch(/^guarantee: exactly-once \(file to file-2: goes on from the checkpoint/m);
    here.write('in.ndjson', '{"id":1}\n{"id":2}\n{"id":3}\n');
    const second = await run(here.path, ['run', 'flow.ts', '--plain']);
    expect(second.stderr).toContain('goes on from the checkpoint of');
    expect(readFileSync(join(here.path, 'out.ndjson'), 'utf8')).toBe('{"id":1}\n{"id":2}\n{"id":3}\n');
  });

  it('keeps dead letters that can be listed, shown without their secrets, and played back', async () => {
    here.write('flow.ts', FLOW);
    const bad = '{"id":2,"bad":true,"apiKey":"canary-5up3r"}';
    here.write('in.ndjson', `{"id":1}\n${bad}\n{"id":\n`);
    const { stderr } = await run(here.path, ['run', 'flow.ts', '--plain']);
    expect(stderr).toContain('daoflow dlq ls data/dead-letters');
    const listed = await run(here.path, ['dlq', 'ls', 'data']);
    expect(listed.stdout).toMatch(/ 1 {2}1 .*map: OperatorError: .*no price for 2/);
    expect(listed.stderr).toContain('2 dead letters');
    const shown = await run(here.path, ['dlq', 'show', 'data', '1']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ number: 1, at: 'map', event: { id: 2, apiKey: '***' } });
    expect((await run(here.path, ['dlq', 'show', 'data', '1', '--unmask'])).stdout).toContain('canary-5up3r');
    const kept = await run(here.path, ['dlq', 'replay', 'data', '--at', 'map']);
    expect([kept.stdout, kept.stderr]).toEqual([`${bad}\n`, '1 records written, and kept\n']);
    const done = await run(here.path, ['dlq', 'replay', 'data']);
    expect(done.stdout).toBe(`${bad}\n{"id":\n`);
    expect((await run(here.path, ['dlq', 'ls', 'data'])).stderr).toBe('no dead letters\n');
  });

  it('gives back all of a record that cannot be read, however long records may be', async () => {
    here.write('flow.ts', FLOW);
    const long = `{"id":1,"text":"${'é'.repeat(300_000)}`;
    here.write('in.ndjson', `${long}\n{"id":2}\n`);
    await run(here.path, ['run', 'flow.ts', '--plain']);
    const shown = await run(here.path, ['dlq', 'show', 'data', '1']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ at: 'decode', raw: long });
    expect((await run(here.path, ['dlq', 'replay', 'data'])).stdout).toBe(`${long}\n`);
  });

  it('says what is wrong with the command', async () => {
    expect((await run(here.path, ['dlq', 'ls', 'nowhere'])).stderr).toContain('no dead letters in nowhere');
    expect((await run(here.path, ['dlq', 'show', 'data', 'x'])).code).toBe(2);
  });
});
