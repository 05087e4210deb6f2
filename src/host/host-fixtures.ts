/** Test support: machines as text files, in test/fixtures/host. To add a case, add a file. */

import { readdirSync, readFileSync } from 'node:fs';

import type { CgroupLimits } from './cgroup.ts';
import type { ReadText } from './read-text.ts';

export interface FixtureHost {
  readonly name: string;
  readonly description: string;
  readonly expected: CgroupLimits;
  readonly readText: ReadText;
}

const FOLDER = new URL('../../test/fixtures/host/', import.meta.url);

/** `# description`, then `=== expected` with JSON, then `=== /path` with the text of each file. */
export function fixtureHosts(): FixtureHost[] {
  return readdirSync(FOLDER).map((file) => {
    const text = readFileSync(new URL(file, FOLDER), 'utf8').replaceAll('\r\n', '\n');
    const [description = '', ...sections] = text.split(/^=== /m);
    const files = new Map(sections.map((section) => cut(section)));
    return {
      name: file.replace('.txt', ''),
      description: description.replace('# ', '').trim(),
      expected: JSON.parse(files.get('expected') ?? 'null') as CgroupLimits,
      readText: (path) => files.get(path),
    };
  });
}

function cut(section: string): [string, string] {
  const end = section.indexOf('\n');
  return [section.slice(0, end), section.slice(end + 1)];
}
