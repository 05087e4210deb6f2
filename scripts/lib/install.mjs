/** Installs the dependencies when what is installed is not what package-lock.json says. */
import { existsSync, readFileSync } from 'node:fs';
import { npm } from './npm.mjs';
import { at } from './paths.mjs';
import { fail, say, seconds } from './say.mjs';

export function ensureInstalled() {
  const missing = firstDifference();
  if (missing === undefined) return;
  say(`installing the dependencies with npm ci (${missing}); needed once, about a minute`);
  const started = performance.now();
  const { status } = npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (status !== 0) {
    fail(
      `npm ci failed (exit code ${status}). Fix: check the network and the message above, then run "npm ci" by hand.`,
    );
  }
  say(`installed in ${seconds(started)}`);
}

/**
 * npm records what it installed in node_modules/.package-lock.json: no stamp of our own is needed.
 * Optional packages may be absent (they are for other platforms), but never of another version.
 */
function firstDifference() {
  if (!existsSync(at('node_modules'))) return 'node_modules is missing';
  const installed = packagesOf(at('node_modules/.package-lock.json'));
  if (installed === undefined) return 'an earlier installation did not finish';
  const wanted = packagesOf(at('package-lock.json'));
  for (const [path, { version, optional, peer }] of Object.entries(wanted ?? {})) {
    if (path === '') continue;
    const found = installed[path];
    if (found === undefined ? !optional && !peer : found.version !== version) return `${path} ${version} is missing`;
  }
  return undefined;
}

function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
