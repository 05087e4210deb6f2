import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const child = fileURLToPath(new URL('connector-stdio-child.ts', import.meta.url));
// jiti runs TypeScript on every supported version of Node.
const jiti = 'jiti/register';

function start(mode: string): ChildProcessWithoutNullStreams {
  const process_ = spawn(process.execPath, ['--import', jiti, child, mode], { stdio: 'pipe' });
  process_.stdin.on('error', () => undefined);
  return process_;
}

async function ended(process_: ChildProcessWithoutNullStreams): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  process_.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
  process_.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
  const code = await new Promise<number>((resolve) => process_.once('close', resolve));
  return { code, out, err };
}

const text = Array.from({ length: 50_000 }, (_, id) => `{"id":${id}}\n`).join('');

describe('stdin and stdout of a real process', () => {
  it.each(['copy', 'worker'])('copy every event through pipes (%s)', async (mode) => {
    const process_ = start(mode);
    process_.stdin.end(text);
    const { out, err } = await ended(process_);
    expect(err).toBe('');
    expect(out).toBe(text);
  });

  it('an abort ends the process although the pipe stays open and silent', async () => {
    const process_ = start('abort');
    const { code } = await ended(process_);
    expect(code).toBe(0);
  });

  it('tell a reader that has gone from other failures', async () => {
    const process_ = start('copy');
    process_.stdout.destroy();
    process_.stdin.end(text);
    let err = '';
    process_.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
    await new Promise((resolve) => process_.once('close', resolve));
    expect(err).toBe('broken pipe');
  });
});
