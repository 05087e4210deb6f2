/** Rows of the acceptance suite: each is a sentence, a check, and a line in the report. */

/** What this machine cannot check; the reason is shown. */
export class Skipped extends Error {}

export function skip(reason) {
  throw new Skipped(reason);
}

const counts = { passed: 0, failed: 0, skipped: 0 };
let wanted = /(?:)/;
let isQuick = false;

export function configure({ only, quick }) {
  if (only !== undefined) wanted = new RegExp(only, 'i');
  isQuick = quick;
}

/** True: fewer bytes and fewer combinations, all within two minutes. */
export const quick = () => isQuick;

export function section(title) {
  process.stdout.write(`\n${title}\n`);
}

/**
 * Runs one row. Rows run one after the other: figures and ports are not shared.
 *
 * @param name - a sentence about what the program does
 * @param check - throws when it does not; may return a remark (figures) to print
 */
export async function row(name, check) {
  if (!wanted.test(name)) return;
  const started = performance.now();
  try {
    const remark = await check();
    counts.passed += 1;
    tell('ok  ', name, started, remark);
  } catch (error) {
    if (error instanceof Skipped) {
      counts.skipped += 1;
      process.stdout.write(`SKIP ${name}: ${error.message}\n`);
      return;
    }
    counts.failed += 1;
    tell('FAIL', name, started);
    process.stdout.write(`${indent(error instanceof Error ? error.message : String(error))}\n`);
  }
}

/** @returns the exit code of the suite */
export function conclude() {
  const { passed, failed, skipped } = counts;
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

function tell(word, name, started, remark) {
  const took = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  process.stdout.write(`${word} ${name} (${took})${remark === undefined ? '' : `\n${indent(remark)}`}\n`);
}

const indent = (text) => text.replace(/^/gm, '       ');
