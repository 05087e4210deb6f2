/** A log of a gigabyte, and the same answer as a program in another language gives. */
import { fileURLToPath } from 'node:url';
import { writeAccessLog } from './access-log.mjs';
import { equal, same } from './expect.mjs';
import { daoflow, folder, peakBytes, runTool, summaryOf, tool } from './program.mjs';
import { quick, row, section, skip } from './rows.mjs';

const MB = 1e6;
/** What a run may keep resident at most, whatever the size of its input. */
const PEAK_BYTES = 500 * MB;
const FLOW = fileURLToPath(new URL('./flows/access-log.ts', import.meta.url));
const ANSWER = fileURLToPath(new URL('./answers/access_log.py', import.meta.url));

export async function bigLog() {
  section('A big log, against python');
  const here = folder();
  const log = here.at('access.ndjson');
  const size = quick() ? 50 * MB : 1000 * MB;
  let made;
  let expected;
  let expectedDamaged;

  await row(`an access log of ${size / MB} MB is written`, () => {
    made = writeAccessLog(log, size);
    return `${made.lines} lines, ${made.damaged} of them damaged, ${(made.bytes / MB).toFixed(0)} MB`;
  });
  if (made === undefined) return;

  await row('python computes the answer by itself', () => {
    const python = tool('python3', 'python') ?? skip('there is no python3');
    const errors = here.at('python.err');
    const output = runTool(python, ['-c', RUN_WITH_ERRORS, ANSWER, log, errors], { cwd: here.path });
    expected = rowsOf(output);
    expectedDamaged = JSON.parse(here.read('python.err')).damaged;
    return `${expected.length} windows, ${expectedDamaged} damaged lines`;
  });

  const check = async (name, options, env) =>
    row(`daoflow run over ${name}: the same windows, every damaged line kept`, async () => {
      const out = here.at('out.ndjson');
      const peak = here.at('peak');
      const ended = await daoflow(['run', FLOW, '--json', '--dead-letters', 'bad.ndjson', ...(options.args ?? [])], {
        cwd: here.path,
        env: { ...env, ACCEPTANCE_OUT: out },
        deadlineMs: 300_000,
        peak,
        ...options,
      }).ended;
      equal(ended.code, 0, `exit code, after\n${ended.both.slice(-1500)}`);
      const summary = summaryOf(ended);
      equal(summary.accepted, made.lines, 'lines accepted');
      equal(summary.confirmed, made.lines, 'lines confirmed');
      equal(summary.late, 0, 'late events');
      equal(summary.deadLettered, made.damaged, 'dead letters counted');
      equal(here.lines('bad.ndjson').length, made.damaged, 'dead letters in the file');
      const rss = peakBytes(peak);
      const remark = figures(summary, made, rss);
      if (rss > PEAK_BYTES) throw new Error(`resident memory beyond ${PEAK_BYTES / MB} MB: ${remark}`);
      if (expected === undefined) skip(`no independent answer to compare with; ${remark}`);
      equal(expectedDamaged, made.damaged, 'lines that python refuses');
      same(rowsOf(here.read('out.ndjson')), expected, 'daoflow (+) and python (-) differ');
      here.write('bad.ndjson', '');
      return remark;
    });

  await check('the file', {}, { ACCEPTANCE_IN: log });
  await check('the file on standard input', { input: { file: log } }, {});
  await check('the file, without code generation', { args: ['--no-codegen'] }, { ACCEPTANCE_IN: log });
}

/** python's messages go to a file, so that its answer alone is on standard output. */
const RUN_WITH_ERRORS = `
import runpy, sys
program, log, errors = sys.argv[1:4]
sys.argv = [program, log]
sys.stderr = open(errors, "w")
runpy.run_path(program, run_name="__main__")
`;

function figures({ durationMs }, { lines, bytes }, rss) {
  const seconds = durationMs / 1000;
  const perSecond = Math.round(lines / seconds / 1000);
  return `${seconds.toFixed(1)} s, ${perSecond}K lines/s, ${(bytes / MB / seconds).toFixed(0)} MB/s, peak memory ${(rss / MB).toFixed(0)} MB`;
}

/** In one order. Parsed, since python writes 1e-05 where JavaScript writes 0.00001: the numbers must be the same doubles. */
function rowsOf(text) {
  const place = ({ start, key }) => `${start} ${key}`;
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .sort((a, b) => (place(a) < place(b) ? -1 : 1));
}
