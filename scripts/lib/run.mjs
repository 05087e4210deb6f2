/** Runs a tool of node_modules in a process of its own, without a shell. */
import { spawnSync } from 'node:child_process';
import { ROOT } from './paths.mjs';

/** @param args - a script of node_modules and its arguments */
export function runNode(args, options = {}) {
  return spawnSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], ...options });
}
