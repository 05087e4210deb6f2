/** Copies standard input to standard output; `abort` in the arguments aborts after 50 ms. Run in a child. */
import { writeSync } from 'node:fs';
import { isMainThread, Worker } from 'node:worker_threads';
import { isBrokenPipe } from '../../src/connector/system-failure.ts';
import { stdin } from '../../src/connector/stdio/stdin.ts';
import { stdout } from '../../src/connector/stdio/stdout.ts';
import { sinkContext } from '../contract/sink-contract.ts';
import { fakeContext, FakeOutput, runSource } from '../contract/source-harness.ts';

const [mode] = process.argv.slice(2);
if (isMainThread && mode === 'worker') {
  new Worker(new URL(import.meta.url), { argv: ['copy'] });
} else {
  const output = new FakeOutput();
  const context = fakeContext();
  if (mode === 'abort') setTimeout(() => context.abort(), 50);
  await runSource(stdin(), output, context);
  const writer = await stdout().open(sinkContext());
  try {
    for (let i = 0; i < output.events.length; i += 500) {
      await writer.write(output.events.slice(i, i + 500), { signal: new AbortController().signal });
    }
  } catch (error) {
    writeSync(2, isBrokenPipe(error) ? 'broken pipe' : String(error));
  }
}
