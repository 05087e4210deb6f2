/** Starts npm without a shell, so that it works alike on Linux, macOS and Windows. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ROOT } from './paths.mjs';
import { fail } from './say.mjs';

/** npm's own script: the one that started us, else the one that came with this Node.js. */
export function npmCli() {
  const bin = dirname(process.execPath);
  const candidates = [
    process.env.npm_execpath,
    join(bin, '../lib/node_modules/npm/bin/npm-cli.js'),
    join(bin, 'node_modules/npm/bin/npm-cli.js'),
    join(bin, '../share/nodejs/npm/bin/npm-cli.js'),
    '/usr/share/nodejs/npm/bin/npm-cli.js',
  ];
  return candidates.find((path) => path && basename(path) === 'npm-cli.js' && existsSync(path));
}

/**
 * Runs npm and waits.
 * @param options - of `spawnSync`; stdio defaults to everything on stderr
 */
export function npm(args, options = {}) {
  const cli = npmCli();
  if (cli === undefined) {
    fail(
      `cannot find npm beside ${process.execPath}. Fix: run "npm ${args.join(' ')}" by hand, then this command again.`,
    );
  }
  return spawnSync(process.execPath, [cli, ...args], { cwd: ROOT, stdio: ['ignore', 2, 2], ...options });
}
