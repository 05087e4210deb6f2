import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { doors } from '../../scripts/lib/paths.mjs';
import { apiReport } from './api-report.ts';
import { ROOT } from './sources.ts';

test('the public API is the one in api/report.md (npm run api writes it anew)', async () => {
  const report = apiReport(doors().filter((door) => existsSync(join(ROOT, `src/${door}.ts`))));
  expect(report).not.toContain('not found');
  await expect(report).toMatchFileSnapshot('../../api/report.md');
}, 60_000);
