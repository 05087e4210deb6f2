/**
 * Makes a fresh clone ready: checks Node.js, installs what is missing, builds what changed.
 * Needs nothing but Node.js and npm; does nothing, within a few hundredths of a second, when all is ready.
 */
import './lib/node-version.mjs';
import { ensureBuilt } from './lib/build.mjs';
import { ensureInstalled } from './lib/install.mjs';

ensureInstalled();
ensureBuilt();
