import { execFileSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout, seen from .build/bench. */
export const root: string = fileURLToPath(new URL('../../', import.meta.url));

/** The checkout that this one is a worktree of, or itself. */
export function mainCheckout(): string {
  try {
    const folder = execFileSync('git', ['rev-parse', '--git-common-dir'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return dirname(resolve(root, folder.trim()));
  } catch {
    return root; // not a checkout of git
  }
}
