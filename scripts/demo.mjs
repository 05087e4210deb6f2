/** `npm run demo [-- --duration 20 --json]`: sets up what is missing, then runs the demo of the built package. */
import './setup.mjs';
import { pathToFileURL } from 'node:url';
import { at } from './lib/paths.mjs';

// In this process, so that signals and the exit code need no forwarding.
const cli = at('dist', 'cli.js');
process.argv = [process.execPath, cli, 'demo', ...process.argv.slice(2)];
await import(pathToFileURL(cli).href);
