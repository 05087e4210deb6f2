/**
 * The one harness of all benches: a table for people, one JSON document for programs, one exit code.
 *
 * A bench is a file `bench/NAME.ts`, started with `npm run bench:NAME` (or `node scripts/bench.mjs NAME`).
 * It is bundled to `.build/bench/NAME.js`; `daoflow` in it is the built package, as users run it.
 *
 * ```
 * import { atLeast, atMost, bench, cpuPerEvent, interleave, ratioOf } from './harness/index.ts';
 *
 * await bench('example', {
 *   // Every target of the bench, in this one place. The key is what `record` refers to.
 *   targets: {
 *     loop: { name: 'flow ii vs hand-written loop', metric: 'cpu ratio', unit: 'x', ...atLeast(0.8) },
 *   },
 *   async run(b) {
 *     const flows = await interleave({ rounds: b.rounds(9, 3) }, {
 *       loop: () => handLoop(events),        // does the work, returns how many events it processed
 *       daoflow: () => runFlow(events),      // may be async
 *     });
 *     b.check(sumOf(a) === sumOf(b), 'daoflow and the loop count the same');   // a wrong answer is fatal
 *     for (const [name, sample] of Object.entries(flows)) b.note(name, 'cpu', sample, 'ns/event');
 *     b.record('loop', ratioOf(flows.loop, flows.daoflow)); // loop/daoflow, pairwise per round: > 1 = faster
 *   },
 * });
 * ```
 *
 * - `record(key, value)` fills a declared target; `note(...)` shows a figure that has none. Both take a
 *   number or a `Sample` (median and spread over repetitions). A target never recorded counts as missed.
 * - `cpuPerEvent` is process CPU time (user + system, all threads), the primary figure: wall time on shared
 *   cores is noise. `interleave` alternates the variants within one process and turns their order each round.
 * - `startChild('sender', options)` starts `bench/child/sender.ts` in a process of its own with a message channel.
 * - Options that every bench takes: `--json` (the document as the last line of stdout), `--quick` (fewer
 *   repetitions, ends within QUICK_LIMIT_S), `--no-fail` (a missed target does not fail the process).
 * - Exit code: 0 all targets met, 1 a target missed (0 with --no-fail), 2 a wrong answer or a crash.
 *
 * The document: `{ bench, commit, machine, results: [{ name, metric, value, unit, comparison, target, pass }] }`,
 * and `figures`, the same shape without comparison and target, for everything noted.
 */

export { bench, QUICK_LIMIT_S } from './bench.ts';
export type { BenchContext, BenchDefinition } from './bench.ts';
export { startChild } from './child.ts';
export type { Child, ChildOptions } from './child.ts';
export { cpuPerEvent, interleave, ratioOf } from './measure.ts';
export type { InterleaveOptions, Variant } from './measure.ts';
export { sampleOf } from './sample.ts';
export type { Sample } from './sample.ts';
export { atLeast, atMost } from './target.ts';
export type { Comparison, Target } from './target.ts';
export type { BenchDocument, BenchResult } from './document.ts';
