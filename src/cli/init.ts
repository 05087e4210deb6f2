/** `daoflow init [PATH]`: writes a first flow that runs at once, without a server or a file. */

import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { EXIT } from './exit-code.ts';
import { usageFailure } from './failure.ts';

export interface InitOptions {
  readonly force?: boolean;
  readonly cwd: string;
  readonly say: (text: string) => void;
}

/** Fifteen lines: a source, operators, a window, a sink, targets. */
export const FIRST_FLOW = `import { count, flow, generate, stdout, sum, tumbling } from 'daoflow'

// Payments made up here, 2,000 a second for 10 seconds. Others: file('payments.ndjson'), stdin(), ...
const shops = ['Berlin', 'Paris', 'Rome', 'Oslo']
const payments = generate({
  rate: 2_000,
  duration: '10s',
  make: (i) => ({ shop: shops[i % 4], amount: (i * 7919) % 500 }),
})

export default flow('payments', { targets: { latency: { p95: '30ms' }, throughput: 1_000 } })
  .from(payments)
  .filter((payment) => payment.amount > 100)
  .keyBy('shop')
  .window(tumbling('2s'))
  .aggregate({ payments: count(), total: sum((payment) => payment.amount) })
  .map(({ key, payments, total }) => ({ shop: key, payments, total }))
  .to(stdout())
`;

/** @returns the exit code @throws CommandFailure when the file is there already */
export function init(path: string, { force = false, cwd, say }: InitOptions): number {
  const file = fileFor(resolve(cwd, path));
  const shown = relative(cwd, file) || basename(file);
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, FIRST_FLOW, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    throw explain(error, shown);
  }
  say(
    `wrote ${shown}\n\n  npx daoflow run ${shown}     run it\n  npx daoflow dev ${shown}     run it again at each save\n`,
  );
  return EXIT.done;
}

function fileFor(path: string): string {
  const isFile = /\.[cm]?[jt]s$/.test(path) && !(statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
  return isFile ? path : join(path, 'flow.ts');
}

function explain(error: unknown, shown: string): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST')
    return usageFailure(`${shown} is there already`, 'name another file, or overwrite it: --force');
  return usageFailure(`cannot write ${shown} (${code ?? String(error)})`);
}
