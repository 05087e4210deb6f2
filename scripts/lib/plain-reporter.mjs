/** A vitest reporter that leaves the counts and the skipped tests in a file, for scripts/test.mjs. */
import { writeFileSync } from 'node:fs';

export default class PlainReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      // A file that could not even be loaded is a failure, whatever tests it would have had.
      if (module.state() === 'failed' && module.errors().length > 0) counts.failed += 1;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') counts.passed += 1;
        else if (result.state === 'failed') counts.failed += 1;
        else if (result.state === 'skipped' && !isFilteredOut(result)) {
          counts.skipped.push({ name: `${module.relativeModuleId} > ${test.fullName}`, reason: result.note });
        }
      }
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
    }
    const report = process.env.DAOFLOW_TEST_REPORT;
    if (report) writeFileSync(report, JSON.stringify(counts));
  }
}

/** With `npm test -- -t NAME` the tests of other names are reported as skipped; nobody asked for them. */
function isFilteredOut(result) {
  return result.note === undefined && process.argv.some((arg) => /^(-t|--testNamePattern)(=|$)/.test(arg));
}
