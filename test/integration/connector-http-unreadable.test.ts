/** What is answered on a connection on which something comes that is no HTTP. */

import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { http } from '../../src/connector/http/http.ts';
import { fakeContext, FakeOutput, runSource } from '../contract/source-harness.ts';

const HEAD = 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\n';
const whole = (body: string): string => `${HEAD}content-length: ${body.length}\r\n\r\n${body}`;

/** @returns the status lines of all answers until the connection was closed, and what was taken */
async function told(text: string): Promise<{ readonly statuses: string[]; readonly events: unknown[] }> {
  const [output, context] = [new FakeOutput(), fakeContext()];
  let run: Promise<void> = Promise.resolve();
  const port = await new Promise<number>((resolve, reject) => {
    run = runSource(http({ port: 0, headersTimeout: '50ms', onListening: (at) => resolve(at.port) }), output, context);
    run.catch(reject);
  });
  const answers = await new Promise<string>((resolve, reject) => {
    let all = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (bytes) => (all += bytes.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => resolve(all));
  });
  context.abort();
  await run;
  return { statuses: answers.match(/(?<=HTTP\/1\.1 )\d+/g) ?? [], events: output.events };
}

describe('what is no HTTP', () => {
  it('is refused after the request before it has got its own answer', async () => {
    // A length that is too small: the rest of the body is no request.
    const body = '{"id":1}\n{"id":2}\n';
    const { statuses, events } = await told(`${HEAD}content-length: 9\r\n\r\n${body}`);
    expect(statuses).toEqual(['202', '400']);
    expect(events).toEqual([{ id: 1 }]);
  });

  it('is refused after all requests before it, in their order', async () => {
    const { statuses, events } = await told(
      `${whole('{"id":1}')}${whole('no event')}${whole('{"id":3}')}nonsense\r\n\r\n`,
    );
    expect(statuses).toEqual(['202', '400', '202', '400']);
    expect(events).toEqual([{ id: 1 }, { id: 3 }]);
  });

  it('in the middle of a body refuses that body, after the one before it', async () => {
    const broken = `${HEAD}transfer-encoding: chunked\r\n\r\n8\r\n{"id":2}\r\nzz\r\n`;
    const { statuses, events } = await told(`${whole('{"id":1}')}${broken}`);
    expect(statuses).toEqual(['202', '400']);
    expect(events).toEqual([{ id: 1 }]);
  });

  it.each([
    ['a length beside chunks', `${HEAD}content-length: 8\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, '400'],
    ['two lengths', `${HEAD}content-length: 8\r\ncontent-length: 9\r\n\r\n{"id":1}`, '400'],
    ['headers that are too long', `${HEAD}x: ${'x'.repeat(20_000)}\r\n\r\n`, '431'],
    ['headers that do not end', HEAD, '408'],
  ])('is told apart: %s', async (_what, text, status) => {
    await expect(told(text)).resolves.toEqual({ statuses: [status], events: [] });
  });
});
