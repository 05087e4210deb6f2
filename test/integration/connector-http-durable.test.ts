import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flow } from '../../src/engine/launch.ts';
import { http } from '../../src/connector/http/http.ts';
import type { Run } from '../../src/flow/run.ts';

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'daoflow-http-'));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

interface Served {
  readonly run: Run;
  readonly post: (body: string, type?: string) => Promise<number>;
  readonly seen: unknown[];
}

/** @param isStuck - its sink confirms nothing */
async function serve(
  options: { readonly durable?: string; readonly data?: string },
  isStuck: boolean,
): Promise<Served> {
  const seen: unknown[] = [];
  let listening: (port: number) => void = () => undefined;
  const port = new Promise<number>((resolve) => (listening = resolve));
  const { durable } = options;
  const source = http({
    port: 0,
    ...(durable === undefined ? {} : { durable }),
    onListening: (at) => listening(at.port),
  });
  const run = flow('f', options.data === undefined ? {} : { data: options.data, checkpointEvery: '50ms' })
    .from<{ id: number }>(source)
    .to((events) => (isStuck ? new Promise<void>(() => undefined) : void seen.push(...events.map(({ id }) => id))))
    .run();
  run.done.catch(() => undefined);
  const address = `http://127.0.0.1:${await port}/`;
  const post = async (body: string, type = 'application/x-ndjson'): Promise<number> =>
    (await fetch(address, { method: 'POST', body, headers: { 'content-type': type } })).status;
  return { run, post, seen };
}

/** The source lets go of its log a moment after the run has ended. */
function lockOf(kind: 'durable' | 'data'): string {
  return join(data, 'd', kind === 'data' ? 'ingest/http/lock' : 'lock');
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 5000; !isTrue() && Date.now() < deadline;) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe.each(['durable', 'data'] as const)('the HTTP source with a journal (%s)', (kind) => {
  const options = (): { durable?: string; data?: string } => ({ [kind]: join(data, 'd') });

  it('has what it answered with 202, after any end', async () => {
    const before = await serve(options(), true);
    expect(await before.post('{"id":1}\n{"id":2}\n')).toBe(202);
    expect(await before.post('[{"id":3}]', 'application/json')).toBe(202);
    expect(await before.post('')).toBe(400);
    await before.run.stop().catch(() => undefined);
    await until(() => !existsSync(lockOf(kind)));
    const after = await serve(options(), false);
    expect(await after.post('{"id":4}')).toBe(202);
    await until(() => after.seen.length >= 4);
    expect(after.seen).toEqual([1, 2, 3, 4]);
    await after.run.drain();
  });

  it('does not do again what is done, but for the last body without checkpoints', async () => {
    const before = await serve(options(), false);
    for (let id = 1; id <= 5; id += 1) await before.post(`{"id":${id}}\n\n`);
    await until(() => before.seen.length >= 5);
    await before.run.drain();
    await until(() => !existsSync(lockOf(kind)));
    const after = await serve(options(), false);
    await after.post('{"id":6}');
    await until(() => after.seen.includes(6));
    expect(after.seen).toEqual(kind === 'data' ? [6] : [5, 6]);
    await after.run.drain();
  });
});
