/** Every scenario of a plan, in this process or divided among helpers. */

import { startChild } from '../harness/index.ts';
import { decode } from './json.ts';
import { isFew, type Options } from './options.ts';
import { Oracle } from './oracle.ts';
import type { Plan } from './plan.ts';
import { tryOut, type Trial } from './trial.ts';

/** A full run takes long on a slow machine. */
const HELPER_LIMIT_MS = 4 * 3_600_000;

/** @param done - called as scenarios end, in any order */
export async function runAll(
  { scenarios, laws }: Plan,
  { args, seeds, jobs, cache }: Options,
  done: (index: number, trial: Trial) => void,
): Promise<void> {
  if (jobs <= 1 || isFew(scenarios.length)) {
    const oracle = await Oracle.open(cache);
    for (const [index, scenario] of scenarios.entries()) done(index, await tryOut(scenario, laws, seeds, oracle));
    return;
  }
  // The longest are at the end of the list: they go first, so that no helper is left with one of them.
  const order = [...scenarios.keys()].reverse();
  await Promise.all(Array.from({ length: jobs }, helper));

  async function helper(): Promise<void> {
    const child = startChild('tuning', { args, limitMs: HELPER_LIMIT_MS });
    for (let index = order.shift(); index !== undefined; index = order.shift()) {
      child.send(index);
      done(index, decode((await child.next()) as string) as Trial);
    }
    child.send(-1);
    await child.ended();
  }
}
